import type { IncomingHttpHeaders } from 'node:http';

/** Delays up to this are waited out by Claude Code itself, in ms; a longer one is a limit. */
const shortMs = 60_000;
/** A reset later than this is not plausible, in ms. */
const farMs = 32 * 86_400_000;

/**
 * When the usage limit in an answer of the model is lifted (epoch ms); undefined if it reports none. Measured in Claude
 * Code 2.1.197, which reads the same: `anthropic-ratelimit-unified-status: rejected` with `…-reset` in epoch seconds. A
 * limit of an API key has a long `retry-after` instead, in seconds or as a date.
 */
export function limitResetAt(status: number, headers: IncomingHttpHeaders, now: number): number | undefined {
  if (status !== 429) return undefined;
  const unified = Number(headers['anthropic-ratelimit-unified-reset'] ?? NaN) * 1_000;
  if (headers['anthropic-ratelimit-unified-status'] === 'rejected' && isAhead(unified, now)) return unified;
  const retryAt = retryTime(headers['retry-after'], now);
  return isAhead(retryAt, now) && retryAt > now + shortMs ? retryAt : undefined;
}

function retryTime(text: string | undefined, now: number): number {
  if (text === undefined) return NaN;
  return /^\d+(\.\d+)?$/.test(text) ? Math.round(now + Number(text) * 1_000) : Date.parse(text);
}

function isAhead(at: number, now: number): boolean {
  return at > now && at < now + farMs;
}
