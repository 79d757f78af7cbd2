import { RemudaError } from '@remuda/domain';

/**
 * Classes of SQLSTATE that are our own fault, and not the database's: invalid data, a violated constraint, invalid SQL,
 * a program limit.
 */
const ours = ['22', '23', '42', '54'];
/** But for a table that is not there: the database is being restored, or is not the one that was opened. */
const noTable = '42P01';

/** Whether the database refused what was written itself, so that to try again does not help. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && /^[0-9A-Z]{5}$/.test(code) && code !== noTable && ours.includes(code.slice(0, 2));
}

/** The error of a failed call for its caller: `store.unavailable`, or the error itself if it is ours. */
export function translateDatabaseError(error: unknown): unknown {
  if (error instanceof RemudaError || isRefusal(error)) return error;
  const why = error instanceof Error && error.message !== '' ? error.message : 'it does not answer';
  return new RemudaError('store.unavailable', `The database cannot be used: ${why}.`, {
    cause: error,
    retryAfterMs: 2_000,
  });
}

function codeOf(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { readonly code?: unknown; readonly cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? undefined : codeOf(cause);
}
