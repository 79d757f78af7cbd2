import { RemudaError, isFailureCode } from '../errors.js';
import type { Failure } from './job.js';

/**
 * An error as the failure of an attempt. Other errors, and codes with which no attempt ends, are our fault: `internal`.
 * `lastLines` are used if the error has none of its own.
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
