/** How a pool follows demand. */
export interface FollowDemand {
  /** Minimum number of idle workers while jobs arrive. Default 1; with 0 a pool without recent jobs has no workers. */
  readonly min: number;
  /** Share of jobs that should find a warm worker, from 0 to 1. Default 0.95. */
  readonly hitRate: number;
  /** Time after its last job, in ms, at which a pool shrinks to `min`. Default 15 min. */
  readonly quietMs: number;
}

/** Defaults of a profile that only says that it follows demand. */
export const usualDemand: FollowDemand = { min: 1, hitRate: 0.95, quietMs: 900_000 };

/** For how long, in ms, arrivals predict later ones. */
export const demandWindowMs = 600_000;

/** Jobs that arrived at about the same time. */
export interface Arrivals {
  /** How long ago, in ms, by the monotonic clock. */
  readonly agoMs: number;
  readonly jobs: number;
}

/** The observed demand of a pool. */
export interface SeenDemand {
  /** Those of the last `demandWindowMs`, oldest first. */
  readonly arrivals: readonly Arrivals[];
  /** How long a worker takes from the decision to start it until it is warm, in ms. */
  readonly startMs: number;
  /** Time since the last job arrived, in ms; if none has, since one could have been seen. */
  readonly sinceArrivalMs: number;
}

/**
 * Why a warm target has its value: `demand` from arrivals, `min` if they need less than is kept anyway (at least one
 * worker while jobs arrive), `max` if they need more than is allowed, `quiet` if no job has arrived for a while.
 */
export const warmReasons = ['demand', 'min', 'max', 'quiet'] as const;
export type WarmReason = (typeof warmReasons)[number];

/** A warm target, and what it was derived from. */
export interface WarmTarget {
  readonly warm: number;
  readonly reason: WarmReason;
  /** Jobs that arrived within `demandWindowMs`. */
  readonly arrivals: number;
  /** Share of them that would have found a warm worker with this target, from 0 to 1; 1 if there were none. */
  readonly hits: number;
  readonly startMs: number;
}

/**
 * Computes how many idle workers a pool should keep. A worker that is taken is replaced after `startMs`: so a job finds
 * one if fewer jobs than `warm` arrived in the `startMs` before it (a base-stock policy of inventory control, with the
 * start time as lead time). The target is the smallest number with which the desired share of recent jobs would have
 * found one. No distribution of arrivals is assumed: bursts count in full. Pure.
 */
export function warmTarget(seen: SeenDemand, { min, hitRate, quietMs }: FollowDemand, max: number): WarmTarget {
  const arrivals = sum(seen.arrivals.map(({ jobs }) => jobs));
  const needs = needsOf(seen, max);
  const quiet = seen.sinceArrivalMs >= quietMs;
  const wanted = quiet ? 0 : smallest(needs, hitRate * arrivals);
  const least = Math.max(min, quiet ? 0 : 1);
  const warm = Math.min(max, Math.max(least, wanted));
  const reason = quiet ? 'quiet' : wanted > max ? 'max' : wanted < least ? 'min' : 'demand';
  const hits = arrivals === 0 ? 1 : sum(needs.slice(0, warm + 1)) / arrivals;
  return { warm, reason, arrivals, hits, startMs: seen.startMs };
}

/**
 * At index n: how many jobs needed n warm workers to find one; those that needed more than `max` are in the last
 * element.
 */
function needsOf({ arrivals, startMs }: SeenDemand, max: number): readonly number[] {
  const needs = Array.from({ length: max + 2 }, () => 0);
  let taken = 0;
  let oldest = 0;
  for (const [at, { agoMs, jobs }] of arrivals.entries()) {
    // those whose worker has been replaced by now
    for (; oldest < at && (arrivals[oldest]?.agoMs ?? 0) - agoMs >= startMs; oldest++)
      taken -= arrivals[oldest]?.jobs ?? 0;
    const within = Math.max(0, Math.min(jobs, max - taken));
    for (let need = taken + 1; need <= taken + within; need++) needs[need] = (needs[need] ?? 0) + 1;
    needs[max + 1] = (needs[max + 1] ?? 0) + jobs - within;
    taken += jobs;
  }
  return needs;
}

/** The smallest number of workers with which this many jobs find one; more than any of them if there is none. */
function smallest(needs: readonly number[], jobs: number): number {
  let found = 0;
  for (const [warm, count] of needs.entries()) {
    found += count;
    if (found >= jobs) return warm;
  }
  return needs.length;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
