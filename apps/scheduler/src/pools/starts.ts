import { afterReady, firstPace, whileStarting, type StartPace } from '@remuda/domain';

/** Starts of a profile that failed in a row. */
export interface FailedStarts {
  readonly count: number;
  /** When the last one did, by the monotonic clock in ms. */
  readonly at: number;
  /** Why the last one did, for an operator. */
  readonly reason: string;
}

/** What is known of the starts of all pools that one scheduler keeps: they share a machine. */
export class Starts {
  #pace = firstPace;
  /** Starts that were decided on and are not all under way. */
  #reserved = 0;
  readonly #failed = new Map<string, FailedStarts>();

  get pace(): StartPace {
    return this.#pace;
  }

  /** Looks at those that start: what they have taken already says something, too. */
  look(agesMs: readonly number[]): void {
    this.#pace = whileStarting(this.#pace, Math.max(0, ...agesMs));
  }

  /** How many more may start beside those that do. */
  startable(starting: number): number {
    return Math.max(0, this.#pace.atOnce - starting - this.#reserved);
  }

  /** Keeps room for starts that were decided on; `act` has them all under way, or given up, when it settles. */
  async reserved(count: number, act: () => Promise<void>): Promise<void> {
    this.#reserved += count;
    try {
      await act();
    } finally {
      this.#reserved -= count;
    }
  }

  /** A worker was ready so many ms after its start: whatever was wrong with its profile is over. */
  noteReady(profile: string, tookMs: number): void {
    this.#pace = afterReady(this.#pace, tookMs);
    this.#failed.delete(profile);
  }

  /** A start of the profile failed at this moment. */
  noteFailed(profile: string, at: number, reason: string): void {
    this.#failed.set(profile, { count: (this.#failed.get(profile)?.count ?? 0) + 1, at, reason });
  }

  failedOf(profile: string): FailedStarts | undefined {
    return this.#failed.get(profile);
  }
}
