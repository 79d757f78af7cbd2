import type { Assignment } from '@remuda/domain';
import { isRecord, parseJson } from '../reader/json.js';
import { count, idText, lease, span } from '../reader/shape.js';

/**
 * Reads an assignment as it stands in a worker's queue; undefined for one that a worker can't carry out. Its spec was checked where it
 * was taken in: here it is only looked whether there is one.
 */
export function decodeAssignment(text: string): Assignment | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || !isRecord(value['spec'])) return undefined;
  const { prompt, workspace } = value['spec'];
  const fits =
    idText(value['job']) !== undefined &&
    count(value['attempt']) !== undefined &&
    lease(value['lease']) !== undefined &&
    span(value['remainingMs']) !== undefined &&
    typeof prompt === 'string' &&
    isRecord(workspace);
  return fits ? (value as unknown as Assignment) : undefined;
}
