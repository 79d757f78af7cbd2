import { RemudaError } from '@remuda/domain';

/** First words of answers by which Redis says that it can't serve at this moment, or not us. */
const unavailable = new Set([
  ...['LOADING', 'BUSY', 'READONLY', 'MASTERDOWN', 'CLUSTERDOWN', 'NOREPLICAS', 'MISCONF', 'TRYAGAIN'],
  ...['WRONGPASS', 'NOAUTH'],
]);

/** What the operating system says of a connection that can't be made, or was lost. */
const broken = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'ENOENT', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['ENOTFOUND', 'EAI_AGAIN'],
]);

/** ioredis has neither class nor code for these: they are known by how they begin. */
const lost = [
  'Connection is closed.',
  'Command aborted due to connection close',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Command timed out',
  'Socket timeout.',
  'All sentinels are unreachable',
  'connect ETIMEDOUT',
];

/** Redis was not told a script, by somebody who may not bring one: it is told again before long. */
export class ScriptNotToldError extends Error {
  override readonly name = 'ScriptNotToldError';
}

/** The first word of an answer of Redis' that is an error, like `NOPERM`; undefined where Redis has not answered. */
export function answerCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return undefined;
  return /^[A-Z]+/.exec(error.message)?.[0];
}

/** What a failed command means to whoever asked: `redis.full`, `redis.unavailable`, or the error itself. */
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

/** Whether an error says that Redis has no memory left. */
export function isFull(error: unknown): boolean {
  return answerCode(error) === 'OOM';
}

/**
 * Whether an error says that Redis is away, loading, or no master at this moment; or, to an account that may bring no scripts, that
 * it was not told them again yet.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'ReplyError') return unavailable.has(answerCode(error) ?? '');
  if (error.name === 'MaxRetriesPerRequestError' || error instanceof ScriptNotToldError) return true;
  const { code } = error as { readonly code?: unknown };
  return (typeof code === 'string' && broken.has(code)) || lost.some((begin) => error.message.startsWith(begin));
}

/** Whether Redis is there, and has no time: a script runs, or it still reads its data. */
export function isBusy(error: unknown): boolean {
  return ['BUSY', 'LOADING'].includes(answerCode(error) ?? '');
}
