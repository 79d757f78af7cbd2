import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '@remuda/domain';
import type { RuntimeLog } from '../runtime-log.js';
import { apiFault, httpStatus, retryAfterMs, statusOf, type Asked } from './api-fault.js';

/** So often a call is made that the API server has too much to do for. */
const tries = 4;
/** Pause before the next one where the server names none, and the longest that is waited, in ms. */
const pauseMs = 500;
const longestPauseMs = 5_000;

/** What a call is made with: what it asks for, and the code of the error where it fails. */
export interface ApiCall<T> {
  readonly asked: Asked;
  readonly code: ErrorCode;
  readonly act: () => Promise<T>;
}

/**
 * Makes a call, and again after a pause where the server has too much to do (429): it says so before it does anything. What is
 * refused otherwise, or has no answer, rejects with the code; its `cause` is what the client threw.
 */
export async function callApi<T>({ asked, code, act }: ApiCall<T>, log: RuntimeLog): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await act();
    } catch (error) {
      if (statusOf(error) !== httpStatus.tooMany || left === 1) throw apiFault(error, asked, code);
      const ms = Math.min(longestPauseMs, retryAfterMs(error) ?? pauseMs);
      log.debug({ ...asked, ms }, 'the API server is overloaded: waiting');
      await sleep(ms);
    }
  }
}
