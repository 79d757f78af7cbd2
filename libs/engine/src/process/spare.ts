import type { Clock } from '@remuda/domain';
import type { EngineLog } from '../options.js';
import type { Session } from './session.js';
import type { Starter } from './starter.js';

/**
 * How long an engine is idle before its spare is started, in ms. When jobs follow each other, the next one arrives
 * sooner; the start of a spare would compete with it for the CPU, and the spare would end unused. A job that needs one
 * earlier waits for a start either way.
 */
const idleMs = 1_000;

/** A process kept in addition to the warm one, for jobs with a different `initialize`: at most one at a time. */
export class Spare {
  #kept: Promise<Session | undefined> | undefined;
  #waiting: AbortController | undefined;
  #ready: Session | undefined;
  #drops = 0;

  constructor(
    private readonly starter: Starter,
    private readonly log: EngineLog,
    private readonly clock: Clock,
  ) {}

  /** Whether it is available now. */
  get ready(): boolean {
    return this.#ready?.process.alive === true;
  }

  /** Schedules the start of one if there is none. */
  keep(): void {
    this.#kept ??= this.#start();
  }

  /** Resolves when it is ready or could not be started. */
  async settled(): Promise<void> {
    await this.#kept;
  }

  /** A job has arrived: a scheduled start is cancelled. */
  forgo(): void {
    if (this.#waiting) this.drop();
  }

  /** Forgets it in any state: the caller ends its process. */
  drop(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    this.#drops++;
    this.#kept = undefined;
    this.#ready = undefined;
  }

  /** Hands it over after its start; undefined if there is none alive. */
  async take(): Promise<Session | undefined> {
    const spare = await this.#kept;
    this.#kept = undefined;
    this.#ready = undefined;
    return spare?.process.alive ? spare : undefined;
  }

  async #start(): Promise<Session | undefined> {
    const drops = this.#drops;
    const waiting = new AbortController();
    this.#waiting = waiting;
    await this.clock.sleep(idleMs, waiting.signal).catch(() => undefined);
    if (waiting.signal.aborted) return undefined;
    this.#waiting = undefined;
    try {
      const started = await this.starter.primed();
      if (drops === this.#drops) this.#ready = started;
      return started;
    } catch (error) {
      if (drops === this.#drops) this.log.warn({ err: error }, 'no spare process could be started');
      return undefined;
    }
  }
}
