import { RemudaError } from '@remuda/domain';

/** First words of the answers of a Redis that cannot serve right now, or not us. */
const unavailable = new Set([
  ...['LOADING', 'BUSY', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'NOREPLICAS', 'MISCONF', 'TRYAGAIN'],
  ...['WRONGPASS', 'NOAUTH'],
]);

/** The operating system's errors of a connection that failed or was lost. */
const broken = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);

/** ioredis has neither class nor code for these: they are recognized by their first words. */
const lost = [
  'Connection is closed.',
  'Command aborted due to connection close',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Command timed out',
  'Socket timeout.',
  'All sentinels are unreachable',
  'connect ETIMEDOUT',
];

/** Redis does not have a script, and the caller may not load it: it will be loaded again soon. */
export class ScriptNotToldError extends Error {
  override readonly name = 'ScriptNotToldError';
}

/** The first word of an error answer of Redis, such as `NOPERM`; undefined if Redis has not answered. */
export function answerCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return /^[A-Z]+/.exec(error.message)?.[0];
}

/** The error of a failed command for its caller: `redis.full`, `redis.unavailable`, or the error itself. */
export function translateRedisError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RemudaError) return error;
  if (isFull(error))
    return new RemudaError('redis.full', 'Redis has no memory left for more jobs.', {
      cause: error,
      retryAfterMs: 5_000,
    });
  if (isOutage(error))
    return new RemudaError('redis.unavailable', 'Redis does not answer.', { cause: error, retryAfterMs: 1_000 });
  return error;
}

/** Whether an error means that Redis has no memory left. */
export function isFull(error: unknown): boolean {
  return answerCode(error) === 'OOM';
}

/**
 * Whether an error means that Redis is down, loading, or not a master right now; or, for an account that may not load
 * scripts, that a script has not been loaded again yet.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ReplyError') return unavailable.has(answerCode(error) ?? '');
  if (error.name === 'MaxRetriesPerRequestError' || error instanceof ScriptNotToldError) return true;
  const { code } = error as { readonly code?: unknown };
  return (typeof code === 'string' && broken.has(code)) || lost.some((begin) => error.message.startsWith(begin));
}

/** Whether Redis is up but busy: a script runs, or it is still loading its data. */
export function isBusy(error: unknown): boolean {
  return ['BUSY', 'LOADING'].includes(answerCode(error) ?? '');
}
