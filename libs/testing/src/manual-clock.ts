import type { AbortSignalLike, Clock } from '@remuda/domain';

interface Sleeper {
  readonly wakeAt: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  /** What it shows beside the time that has passed: it was set, or the machine was suspended. */
  #off = 0;
  #sleepers: readonly Sleeper[] = [];

  /** @param now Where it starts, epoch ms. */
  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now + this.#off;
  }

  monotonic(): number {
    return this.#now;
  }

  /** Sets it forward or back, as an operator does, or as a suspended machine finds it: nothing sleeps the shorter or longer for it. */
  jump(ms: number): void {
    this.#off += ms;
  }

  /** How many sleeps are under way. */
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

  /** Moves the time on and wakes, in their order, those whose time has come; what they do next is done when it resolves. */
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

/** Resolves when the promises that are ready have been carried on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
