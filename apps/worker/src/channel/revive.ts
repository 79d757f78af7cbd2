import type { Clock, Engine } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';

/** Pause before the first attempt to start Claude Code again, and the longest one, in ms. */
const firstMs = 500;
const longestMs = 30_000;
/** A Claude Code that lived so long has earned a first pause again, in ms. */
const soundMs = 60_000;

/** The pause before the next start, after so many in a row. */
export const pauseMs = (failures: number): number => Math.min(longestMs, firstMs * 2 ** failures);

/** Starts a dead Claude Code again while there is no job, with growing pauses. */
export class Reviver {
  #failures = 0;
  #startedAt: number;
  #under: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(
    private readonly engine: Pick<Engine, 'warm'>,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.#startedAt = clock.monotonic();
  }

  /** Resolves when Claude Code runs again; rejects if that was given up because the worker leaves. */
  revive(reason: unknown): Promise<void> {
    this.log.warn({ reason }, 'Claude Code has ended and is started again');
    if (this.clock.monotonic() - this.#startedAt > soundMs) this.#failures = 0;
    return (this.#under ??= this.#start().finally(() => (this.#under = undefined)));
  }

  close(): void {
    this.#stop.abort(new Error('the worker leaves'));
  }

  async #start(): Promise<void> {
    for (;;) {
      await this.clock.sleep(pauseMs(this.#failures++), this.#stop.signal);
      const fault = await this.engine.warm().catch((error: unknown) => error);
      if (fault === undefined) break;
      this.log.error({ err: fault }, 'Claude Code could not be started');
    }
    this.#startedAt = this.clock.monotonic();
  }
}
