/** How far back a rate looks, in ms: an entry counts for less the longer ago it came. */
const lookBackMs = 500;
/** So many entries a second are read as they come. */
const calmPerSecond = 200;
/** From so many on the pause is the longest. */
const busyPerSecond = 500;
const maxPaceMs = 100;

/**
 * How long whoever follows streams waits between two reads: not at all while little comes, and longer the more comes in a
 * second, so that a read carries many entries. It goes by what came of late and not by what one read brought: that would be little
 * again after each read without a pause, and much after each with one.
 */
export class Pace {
  #perSecond = 0;
  #at = 0;

  /** Counts entries that came at `now`, in ms of any clock that never goes back. */
  count(entries: number, now: number): void {
    this.#perSecond = this.#rate(now) + (entries * 1_000) / lookBackMs;
    this.#at = now;
  }

  /** The pause at `now`, in ms: from 0 to 100. */
  ms(now: number): number {
    const above = (this.#rate(now) - calmPerSecond) / (busyPerSecond - calmPerSecond);
    return maxPaceMs * Math.min(1, Math.max(0, above));
  }

  #rate(now: number): number {
    return this.#perSecond * Math.exp((this.#at - now) / lookBackMs);
  }
}
