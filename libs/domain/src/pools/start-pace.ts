/** What the starts of workers on a machine have come to of late, and what follows from it. */
export interface StartPace {
  /** Workers that may start at the same time. */
  readonly atOnce: number;
  /** A worker that is not ready so long after its start, in ms, is given up. */
  readonly limitMs: number;
}

/** The least and the largest limit of a start, in ms: an idle machine takes a second, a loaded one a minute. */
export const startLimits = { least: 60_000, largest: 240_000 } as const;
/** A start that took no longer than this, in ms, leaves room for another one beside it. */
const quickMs = 10_000;
/** One that took longer than this, in ms, had too many beside it. */
const slowMs = 30_000;
const mostAtOnce = 64;

/** Before anything is known. */
export const firstPace: StartPace = { atOnce: 4, limitMs: startLimits.least };

/** After a worker became ready, so many ms after its start. Pure, as all of this is. */
export function afterReady({ atOnce, limitMs }: StartPace, tookMs: number): StartPace {
  const next = tookMs > slowMs ? Math.max(1, Math.floor(atOnce / 2)) : tookMs > quickMs ? atOnce : atOnce + 1;
  // Four times what it took; and what was learned from slow ones is forgotten little by little.
  const limit = Math.max(startLimits.least, 4 * tookMs, Math.floor(limitMs * 0.9));
  return { atOnce: Math.min(mostAtOnce, next), limitMs: Math.min(startLimits.largest, limit) };
}

/**
 * While workers start, the longest for so many ms. Where it meets the limit, the limit grows before the start is given up: killed and
 * begun again it would take as long. Until one is ready they start one after the other then.
 */
export function whileStarting(pace: StartPace, longestMs: number): StartPace {
  if (longestMs <= pace.limitMs || pace.limitMs >= startLimits.largest) return pace;
  return { atOnce: 1, limitMs: Math.min(startLimits.largest, pace.limitMs * 2) };
}

/** How long starts are held back after one failed, in ms: 1 s after the first in a row, doubling up to the longest. */
export function backOffMs(failedInARow: number): number {
  return failedInARow === 0 ? 0 : Math.min(1_000 * 2 ** (failedInARow - 1), maxBackOffMs);
}
const maxBackOffMs = 30_000;
