import { RemudaError } from '@remuda/domain';

/** The error of a container that can't be had: says what was tried, and what to do about it. */
export function startFailed(message: string, cause?: unknown): RemudaError {
  return new RemudaError('container.start_failed', message, cause === undefined ? {} : { cause });
}

/** What an unknown thrown value says. */
export function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
