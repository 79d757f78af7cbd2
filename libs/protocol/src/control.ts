import type { Control } from '@remuda/domain';
import { isRecord, parseJson } from './json.js';

/** Writes a control message as the worker's control stream holds it, in the field `d`. */
export function encodeControl(control: Control): string {
  return JSON.stringify(control);
}

/** Reads a control message; undefined for anything that is not one. */
export function decodeControl(text: string): Control | undefined {
  const value = parseJson(text);
  if (!isRecord(value)) return undefined;
  const { job, lease, limitMs } = value;
  if (value['kind'] === 'drain' && typeof limitMs === 'number') return { kind: 'drain', limitMs };
  return value['kind'] === 'cancel' && typeof job === 'string' && typeof lease === 'number'
    ? { kind: 'cancel', job, lease }
    : undefined;
}
