import type { AbortSignalLike, Clock } from '@remuda/domain';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  /** Its offset from the passed time: it was set, or the machine was suspended. */
  #off = 0;
  #sleepers: readonly Sleeper[] = [];

  /** @param now Its start, epoch ms. */
  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now + this.#off;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets it forward or back, as an operator does, or as after a suspension: sleeps are not affected. */
  jump(ms: number): void {
    this.#off += ms;
  }

  /** Number of pending sleeps. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignalLike): Promise<void> {
    return new Promise((resolve, reject) => {
      const give = (): void => {
        this.#sleepers = this.#sleepers.filter((one) => one !== sleeper);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const wake = (): void => {
        signal?.removeEventListener('abort', give);
        resolve();
      };
      const sleeper: Sleeper = { wakeAt: this.#now + ms, wake };
      this.#sleepers = [...this.#sleepers, sleeper];
      if (signal?.aborted) give();
      else signal?.addEventListener('abort', give, { once: true });
    });
  }

  /** Advances the time and wakes the sleeps that are due, in order; what follows from them is done when it resolves. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (let next = this.#next(until); next !== undefined; next = this.#next(until)) {
      this.#now = Math.max(this.#now, next.wakeAt);
      const woken = next;
      this.#sleepers = this.#sleepers.filter((one) => one !== woken);
      woken.wake();
      await settled();
    }
    this.#now = until;
    await settled();
  }

  #next(until: number): Sleeper | undefined {
    const due = this.#sleepers.filter(({ wakeAt }) => wakeAt <= until);
    return due.sort((a, b) => a.wakeAt - b.wakeAt)[0];
  }
}

/** Resolves when settled promises have been processed. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
