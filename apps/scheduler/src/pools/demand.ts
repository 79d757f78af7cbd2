import { demandWindowMs, type SeenDemand } from '@remuda/domain';

/** Assumed start time before a start was observed, in ms. */
const firstStartMs = 5_000;
/** Arrivals within this time are merged, in ms: a window then has at most 6,000 of them. */
const grainMs = 100;
/** Number of recent starts that predict the next one. */
const startsKept = 20;

interface Came {
  /** By the monotonic clock, in ms. */
  readonly at: number;
  jobs: number;
}

/**
 * Recent arrivals of jobs for a pool, and its start times. A scheduler only knows what it has seen itself: one that has
 * just started assumes that a job arrived at that moment.
 */
export class Demand {
  readonly #came: Came[] = [];
  readonly #startsMs: number[] = [];
  #lastAt: number;

  /** `now` is always of the monotonic clock, in ms. */
  constructor(now: number) {
    this.#lastAt = now;
  }

  /** This many jobs arrived. */
  noteArrivals(jobs: number, now: number): void {
    this.#lastAt = now;
    const last = this.#came.at(-1);
    if (last && now - last.at < grainMs) last.jobs += jobs;
    else this.#came.push({ at: now, jobs });
    this.#forget(now);
  }

  /** A worker was ready, this many ms after its start. */
  noteReady(tookMs: number): void {
    this.#startsMs.push(tookMs);
    if (this.#startsMs.length > startsKept) this.#startsMs.shift();
  }

  /** The current demand; its start time is the 90th percentile. */
  seen(now: number): SeenDemand {
    this.#forget(now);
    const sorted = this.#startsMs.toSorted((a, b) => a - b);
    return {
      arrivals: this.#came.map(({ at, jobs }) => ({ agoMs: now - at, jobs })),
      startMs: sorted.at(Math.ceil(sorted.length * 0.9) - 1) ?? firstStartMs,
      sinceArrivalMs: now - this.#lastAt,
    };
  }

  #forget(now: number): void {
    const first = this.#came.findIndex(({ at }) => now - at < demandWindowMs);
    this.#came.splice(0, first < 0 ? this.#came.length : first);
  }
}
