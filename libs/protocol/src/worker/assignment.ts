import type { Assignment } from '@remuda/domain';
import { fitOf, formatIn, messageFormats, type Formats } from '../format.js';
import { isRecord, parseJson } from '../reader/json.js';
import { count, idText, lease, span } from '../reader/shape.js';

/**
 * An assignment in an unsupported format. Every format has job and lease in the same place, so that it can be refused.
 */
export interface IncompatibleAssignment {
  readonly incompatible: number;
  readonly job: string;
  readonly lease: number;
}

/**
 * Reads an assignment from a worker's queue; undefined if a worker cannot carry it out. Its spec was validated when it
 * was accepted: here it only has to exist.
 */
export function decodeAssignment(
  text: string,
  formats: Formats = messageFormats,
): Assignment | IncompatibleAssignment | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  switch (fitOf(value['v'], formats)) {
    case 'equal':
    case 'older':
      return fits(value) ? (value as unknown as Assignment) : undefined;
    case 'newer':
    case 'outdated':
      return incompatible(value);
    case 'unreadable':
      return undefined;
  }
}

function incompatible(value: Readonly<Record<string, unknown>>): IncompatibleAssignment | undefined {
  const [format, job, token] = [formatIn(value), idText(value['job']), lease(value['lease'])];
  if (format === undefined || job === undefined || token === undefined) return undefined;
  return { incompatible: format, job, lease: token };
}

function fits(value: Readonly<Record<string, unknown>>): boolean {
  if (!isRecord(value['spec'])) return false;
  const { prompt, workspace } = value['spec'];
  return (
    idText(value['job']) !== undefined &&
    count(value['attempt']) !== undefined &&
    lease(value['lease']) !== undefined &&
    span(value['remainingMs']) !== undefined &&
    typeof prompt === 'string' &&
    isRecord(workspace)
  );
}
