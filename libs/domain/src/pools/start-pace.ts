/** The recent start times of workers on a machine, and the limits derived from them. */
export interface StartPace {
  /** Workers that may start at the same time. */
  readonly atOnce: number;
  /** Start timeout of a worker, in ms. */
  readonly limitMs: number;
}

/** The minimum and maximum start timeout, in ms: an idle machine takes a second, a loaded one a minute. */
export const startLimits = { least: 60_000, largest: 240_000 } as const;
/** A start that took at most this long, in ms, leaves room for another concurrent one. */
const quickMs = 10_000;
/** A start that took longer than this, in ms, had too many concurrent ones. */
const slowMs = 30_000;

/**
 * The most workers that may start at the same time where they run on a machine with so many cores. A start computes nearly
 * all of its time: beyond one for each core, and one that waits for its container, more starts at once make none ready sooner, and
 * most of them later. 64 if the machines are not known.
 */
export function mostAtOnce(cores: number | undefined): number {
  return cores === undefined ? 64 : Math.max(1, Math.floor(cores)) + 1;
}

/** Before any start is known: 4 at once, or as many as the cores of their machine allow. */
export function firstPace(cores?: number): StartPace {
  return { atOnce: cores === undefined ? 4 : mostAtOnce(cores), limitMs: startLimits.least };
}

/** After a worker became ready, this many ms after its start. Pure, like everything here. */
export function afterReady({ atOnce, limitMs }: StartPace, tookMs: number, cores?: number): StartPace {
  const next = tookMs > slowMs ? Math.max(1, Math.floor(atOnce / 2)) : tookMs > quickMs ? atOnce : atOnce + 1;
  // Four times the start time; what was learned from slow starts decays gradually.
  const limit = Math.max(startLimits.least, 4 * tookMs, Math.floor(limitMs * 0.9));
  return { atOnce: Math.min(mostAtOnce(cores), next), limitMs: Math.min(startLimits.largest, limit) };
}

/**
 * While workers start, the longest for this many ms. Once it reaches the timeout, the timeout grows before the start is
 * given up: killing and restarting it would take as long. Until one is ready, workers then start one after another.
 */
export function whileStarting(pace: StartPace, longestMs: number): StartPace {
  if (longestMs <= pace.limitMs || pace.limitMs >= startLimits.largest) return pace;
  return { atOnce: 1, limitMs: Math.min(startLimits.largest, pace.limitMs * 2) };
}

/** How long starts are delayed after a failed one, in ms: 1 s after the first in a row, doubling up to the maximum. */
export function backOffMs(failedInARow: number): number {
  return failedInARow === 0 ? 0 : Math.min(1_000 * 2 ** (failedInARow - 1), maxBackOffMs);
}
const maxBackOffMs = 30_000;
