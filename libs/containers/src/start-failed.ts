import { RemudaError } from '@remuda/domain';

/** The error of a container that could not be started: says what was tried, and the cure. */
export function startFailed(message: string, cause?: unknown): RemudaError {
  return new RemudaError('container.start_failed', message, cause === undefined ? {} : { cause });
}

/** The message of an unknown thrown value. */
export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
