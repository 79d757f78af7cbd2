/** Window of the rate, in ms: older entries count for less. */
const lookBackMs = 500;
/** Up to this many entries per second there is no delay. */
const calmPerSecond = 200;
/** From this many on the delay is the maximum. */
const busyPerSecond = 500;
const maxPaceMs = 100;

/**
 * The delay of a stream reader between two reads: none at low rates, and longer at higher ones, so that one read
 * returns many entries. It depends on the recent rate and not on a single read: a read would return little after each
 * one without a delay, and much after each one with it.
 */
export class Pace {
  #perSecond = 0;
  #at = 0;

  /** Counts entries that arrived at `now`, in ms of any monotonic clock. */
  count(entries: number, now: number): void {
    this.#perSecond = this.#rate(now) + (entries * 1_000) / lookBackMs;
    this.#at = now;
  }

  /** The delay at `now`, in ms: from 0 to 100. */
  ms(now: number): number {
    const above = (this.#rate(now) - calmPerSecond) / (busyPerSecond - calmPerSecond);
    return maxPaceMs * Math.min(1, Math.max(0, above));
  }

  #rate(now: number): number {
    return this.#perSecond * Math.exp((this.#at - now) / lookBackMs);
  }
}
