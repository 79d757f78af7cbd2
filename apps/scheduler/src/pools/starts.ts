import { afterReady, firstPace, whileStarting, type StartPace } from '@remuda/domain';

/** Consecutive failed starts of a profile. */
export interface FailedStarts {
  readonly count: number;
  /** When the last one failed, by the monotonic clock in ms. */
  readonly at: number;
  /** Why the last one failed, for an operator. */
  readonly reason: string;
}

/** Start statistics of all pools that one scheduler leads: they share a machine. */
export class Starts {
  #pace = firstPace();
  #cores: number | undefined;
  /** Starts that were decided and are not all in progress. */
  #reserved = 0;
  readonly #failed = new Map<string, FailedStarts>();

  /** The workers' machine has so many cores; undefined if they may run on several. To be called before the first start. */
  onMachine(cores: number | undefined): void {
    this.#cores = cores;
    this.#pace = firstPace(cores);
  }

  get pace(): StartPace {
    return this.#pace;
  }

  /** Takes the current starts into account: their time so far matters, too. */
  look(agesMs: readonly number[]): void {
    this.#pace = whileStarting(this.#pace, Math.max(0, ...agesMs));
  }

  /** How many more may start concurrently. */
  startable(starting: number): number {
    return Math.max(0, this.#pace.atOnce - starting - this.#reserved);
  }

  /** Reserves room for decided starts; when `act` settles, all are in progress, or given up. */
  async reserved(count: number, act: () => Promise<void>): Promise<void> {
    this.#reserved += count;
    try {
      await act();
    } finally {
      this.#reserved -= count;
    }
  }

  /** A worker was ready this many ms after its start: earlier faults of its profile are over. */
  noteReady(profile: string, tookMs: number): void {
    this.#pace = afterReady(this.#pace, tookMs, this.#cores);
    this.#failed.delete(profile);
  }

  /** A start of the profile failed now. */
  noteFailed(profile: string, at: number, reason: string): void {
    this.#failed.set(profile, { count: (this.#failed.get(profile)?.count ?? 0) + 1, at, reason });
  }

  failedOf(profile: string): FailedStarts | undefined {
    return this.#failed.get(profile);
  }
}
