/** Window of the rate, in ms: older entries count for less. */
const lookBackMs = 500;

/** How long to wait at which rate. */
export interface PaceRule {
  /** Up to this many per second there is no delay. */
  readonly calmPerSecond: number;
  /** From this many per second on the delay is the maximum; in between it grows evenly. */
  readonly busyPerSecond: number;
  /** In ms. */
  readonly maxMs: number;
}

/**
 * A delay that grows with the rate: none where little comes, so that everything is sent on at once; a bounded one where
 * much comes, so that one step takes many. It depends on the recent rate and not on a single step: a step would take
 * little after each one without a delay, and much after each one with it.
 */
export class Pace {
  #perSecond = 0;
  #at = 0;

  constructor(private readonly rule: PaceRule) {}

  /** Counts what arrived at `now`, in ms of any monotonic clock. */
  count(arrived: number, now: number): void {
    this.#perSecond = this.#rate(now) + (arrived * 1_000) / lookBackMs;
    this.#at = now;
  }

  /** The delay at `now`, in ms: from 0 to `maxMs`. */
  ms(now: number): number {
    const { calmPerSecond, busyPerSecond, maxMs } = this.rule;
    const above = (this.#rate(now) - calmPerSecond) / (busyPerSecond - calmPerSecond);
    return maxMs * Math.min(1, Math.max(0, above));
  }

  #rate(now: number): number {
    return this.#perSecond * Math.exp((this.#at - now) / lookBackMs);
  }
}
