import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '@remuda/domain';
import type { RuntimeLog } from '../runtime-log.js';
import { apiFault, httpStatus, retryAfterMs, statusOf, type Asked } from './api-fault.js';

/** Maximum number of calls while the API server is overloaded. */
const tries = 4;
/** Delay before the next one if the server names none, and the maximum, in ms. */
const pauseMs = 500;
const longestPauseMs = 5_000;

/** What a call asks for, and its error code. */
export interface ApiCall<T> {
  readonly asked: Asked;
  readonly code: ErrorCode;
  /** Its error code if the server does not answer. Default: the same. */
  readonly unanswered?: ErrorCode;
  readonly act: () => Promise<T>;
}

/**
 * Makes a call, and repeats it after a delay if the server is overloaded (429), which it reports before it does
 * anything. Any other refusal, or no answer, rejects with the code; its `cause` is the client's error.
 */
export async function callApi<T>({ asked, code, unanswered = code, act }: ApiCall<T>, log: RuntimeLog): Promise<T> {
  for (let left = tries; ; left--) {
    try {
      return await act();
    } catch (error) {
      const status = statusOf(error);
      if (status === undefined) throw apiFault(error, asked, unanswered);
      if (status !== httpStatus.tooMany || left === 1) throw apiFault(error, asked, code);
      const ms = Math.min(longestPauseMs, retryAfterMs(error) ?? pauseMs);
      log.debug({ ...asked, ms }, 'the API server is overloaded: waiting');
      await sleep(ms);
    }
  }
}
