import type { Clock } from '@remuda/domain';
import type { EngineLog } from '../options.js';
import type { Session } from './session.js';
import type { Starter } from './starter.js';

/**
 * How long an engine is idle before its spare is started, in ms. Where jobs follow on one another the next one is there sooner;
 * a spare would take the CPU of its start from it, and end with it unused. Who needs one before that waits for a start either way.
 */
const idleMs = 1_000;

/** A process kept beside the warm one, for jobs whose `initialize` has to differ: at most one at a time. */
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

  /** Whether it could be taken at this moment. */
  get ready(): boolean {
    return this.#ready?.process.alive === true;
  }

  /** Has one started before long where there is none. */
  keep(): void {
    this.#kept ??= this.#start();
  }

  /** Resolves when it is ready or could not be started. */
  async settled(): Promise<void> {
    await this.#kept;
  }

  /** A job is there: a start that has not begun is of no use any more. */
  forgo(): void {
    if (this.#waiting) this.drop();
  }

  /** Forgets it, in whatever state: its process is the caller's to end. */
  drop(): void {
    this.#waiting?.abort();
    this.#waiting = undefined;
    this.#drops++;
    this.#kept = undefined;
    this.#ready = undefined;
  }

  /** Gives it away, after its start; undefined where there is none that lives. */
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
