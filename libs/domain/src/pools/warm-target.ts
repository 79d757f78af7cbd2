/** How a pool follows its demand. */
export interface FollowDemand {
  /** Fewest idle workers while jobs come. Default 1; with 0 a pool that has had no job for long has no worker at all. */
  readonly min: number;
  /** Share of jobs that should find a warm worker, from 0 to 1. Default 0.95. */
  readonly hitRate: number;
  /** So long after its last job, in ms, a pool goes down to `min`, whatever came before. Default 15 min. */
  readonly quietMs: number;
}

/** What a profile has where its file says no more than that it follows demand. */
export const usualDemand: FollowDemand = { min: 1, hitRate: 0.95, quietMs: 900_000 };

/** For so long, in ms, arrivals say something of those to come. */
export const demandWindowMs = 600_000;

/** Jobs that came at about the same time. */
export interface Arrivals {
  /** How long ago, in ms, by a clock that nobody sets. */
  readonly agoMs: number;
  readonly jobs: number;
}

/** What is known of a pool's demand at one moment. */
export interface SeenDemand {
  /** Those of the last `demandWindowMs`, oldest first. */
  readonly arrivals: readonly Arrivals[];
  /** How long a worker takes from the decision to start it until it is warm, in ms. */
  readonly startMs: number;
  /** Since the last job came, in ms; where none has come yet, since one could have been seen. */
  readonly sinceArrivalMs: number;
}

/**
 * Why a warm target is what it is: `demand` as the arrivals ask for, `min` where they ask for less than is kept anyway (at least
 * one worker while jobs come), `max` where they ask for more than there may be, `quiet` where no job has come for long.
 */
export const warmReasons = ['demand', 'min', 'max', 'quiet'] as const;
export type WarmReason = (typeof warmReasons)[number];

/** A warm target, and what it was computed from. */
export interface WarmTarget {
  readonly warm: number;
  readonly reason: WarmReason;
  /** Jobs that came within `demandWindowMs`. */
  readonly arrivals: number;
  /** Share of them that would have found a warm worker with this target, from 0 to 1; 1 where none came. */
  readonly hits: number;
  readonly startMs: number;
}

/**
 * Computes how many idle workers a pool should keep. A worker that is taken is replaced after `startMs`: so a job finds one where fewer
 * jobs than `warm` came in the `startMs` before it (a base-stock policy of inventory control, with the lead time of a start). The target is the
 * smallest number with which the wanted share of the last minutes' jobs would have found one. Nothing is assumed of how jobs are
 * distributed: bursts count as what they were. Pure.
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

/** At place n how many jobs needed n warm workers to find one; what needed more than `max` stands behind it. */
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

/** The smallest number of workers with which so many jobs find one; one above all of them where none does. */
function smallest(needs: readonly number[], jobs: number): number {
  let found = 0;
  for (const [warm, count] of needs.entries()) {
    found += count;
    if (found >= jobs) return warm;
  }
  return needs.length;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
