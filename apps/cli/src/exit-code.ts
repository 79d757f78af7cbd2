import { ApiError, ConnectionError, type Job } from '@remuda/client';
import { UsageError } from './usage-error.js';

/** Exit codes of the command. 69 is EX_UNAVAILABLE of sysexits.h, 130 is what shells give after Ctrl-C. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, cancelled: 3, unavailable: 69, interrupted: 130 } as const;

/** The exit code for what became of a job. */
export function codeOfState(state: Job['state']): number {
  if (state === 'succeeded') return exitCodes.ok;
  return state === 'cancelled' ? exitCodes.cancelled : exitCodes.failed;
}

/** The exit code for an error: wrong use and refused requests are the caller's, the rest may succeed another time. */
export function codeOfError(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof ConnectionError) return exitCodes.unavailable;
  if (error instanceof ApiError) return error.transient ? exitCodes.unavailable : exitCodes.usage;
  return exitCodes.failed;
}
