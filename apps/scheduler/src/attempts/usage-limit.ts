import type { Failure } from '@remuda/domain';

/**
 * A worker's failure, corrected by what the bridge has seen: a request that was refused by a usage limit fails as
 * `model.limit_reached`, with its reset time. The worker's own report of a limit is not trusted: its container may be
 * hostile, and would choose how long its job is parked.
 */
export function withLimit({ code, message, lastLines }: Failure, resetAt: number | undefined): Failure {
  const lines = lastLines ? { lastLines } : {};
  if (!mayBeLimit(code)) return { code, message, ...lines };
  if (resetAt === undefined) return { code: 'model.rate_limited', message, ...lines };
  const until = new Date(resetAt).toISOString();
  const told = `The account's usage limit is reached until ${until}. ${message}`;
  return { code: 'model.limit_reached', message: told, ...lines, resetAt };
}

/** Whether a failure may be caused by a usage limit. */
export function mayBeLimit(code: Failure['code']): boolean {
  return code === 'model.rate_limited' || code === 'model.limit_reached';
}
