import { RemudaError, isFailureCode } from '../errors.js';
import type { Failure } from './job.js';

/**
 * An error as the failure of an attempt. One that is not ours, or whose code is not one with which an attempt ends, is a
 * fault of ours: `internal`. `lastLines` are taken where the error has none of its own.
 */
export function failureOf(error: unknown, lastLines: readonly string[] = []): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof RemudaError)) return { code: 'internal', message, ...given(lastLines) };
  const code = isFailureCode(error.code) ? error.code : 'internal';
  return { code, message, ...given(error.extra.lastLines ?? lastLines) };
}

function given(lastLines: readonly string[]): Pick<Failure, 'lastLines'> {
  return lastLines.length > 0 ? { lastLines } : {};
}
