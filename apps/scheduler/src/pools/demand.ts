import { demandWindowMs, type SeenDemand } from '@remuda/domain';

/** What a start takes before one was seen, in ms. */
const firstStartMs = 5_000;
/** Arrivals within so many ms are kept as one: a window then has 6,000 of them at most. */
const grainMs = 100;
/** So many of the last starts tell what the next one takes. */
const startsKept = 20;

interface Came {
  /** By the monotonic clock, in ms. */
  readonly at: number;
  jobs: number;
}

/**
 * Which jobs came for a pool, and what its starts took, over the last minutes. A scheduler knows what it saw itself: one that has
 * just begun takes a pool for one that had a job at that moment.
 */
export class Demand {
  readonly #came: Came[] = [];
  readonly #startsMs: number[] = [];
  #lastAt: number;

  /** `now` as in all of this by the monotonic clock, in ms. */
  constructor(now: number) {
    this.#lastAt = now;
  }

  /** So many jobs came. */
  noteArrivals(jobs: number, now: number): void {
    this.#lastAt = now;
    const last = this.#came.at(-1);
    if (last && now - last.at < grainMs) last.jobs += jobs;
    else this.#came.push({ at: now, jobs });
    this.#forget(now);
  }

  /** A worker was ready, so many ms after its start. */
  noteReady(tookMs: number): void {
    this.#startsMs.push(tookMs);
    if (this.#startsMs.length > startsKept) this.#startsMs.shift();
  }

  /** What is known at this moment; of what a start takes the 90th percentile. */
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
