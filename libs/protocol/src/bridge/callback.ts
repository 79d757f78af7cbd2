import { isRecord, parseJson } from '../reader/json.js';

/** Where the bridge takes callbacks, with the job's token: on the listeners of the model. */
export const callbackPath = '/claude-callback';

/** Maximum size of a callback, in bytes. */
export const maxCallbackBytes = 1024 * 1024;

/** What a worker calls back when Claude Code's turn has ended in its terminal: the answer is on its way. */
export interface Callback {
  /** The job's id. */
  readonly requestId: string;
  readonly status: 'succeeded' | 'failed';
  /** The last message, clipped if it is long. */
  readonly text: string;
}

/** Parses a callback; undefined if it is none. */
export function readCallback(body: string): Callback | undefined {
  const value = parseJson(body);
  if (!isRecord(value)) return undefined;
  const { requestId, status, text } = value;
  if (typeof requestId !== 'string' || !/^[A-Za-z0-9_-]{1,128}$/.test(requestId) || typeof text !== 'string')
    return undefined;
  return status === 'succeeded' || status === 'failed' ? { requestId, status, text } : undefined;
}
