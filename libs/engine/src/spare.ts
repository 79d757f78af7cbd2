import type { EngineLog } from './options.js';
import type { Session } from './session.js';
import type { Starter } from './starter.js';

/** A process kept beside the warm one, for jobs whose `initialize` has to differ: at most one at a time. */
export class Spare {
  #kept: Promise<Session | undefined> | undefined;
  #ready: Session | undefined;
  #drops = 0;

  constructor(
    private readonly starter: Starter,
    private readonly log: EngineLog,
  ) {}

  /** Whether it could be taken at this moment. */
  get ready(): boolean {
    return this.#ready?.process.alive === true;
  }

  /** Begins to start one where there is none. */
  keep(): void {
    this.#kept ??= this.#start();
  }

  /** Resolves when it is ready or could not be started. */
  async settled(): Promise<void> {
    await this.#kept;
  }

  /** Forgets it, in whatever state: its process is the caller's to end. */
  drop(): void {
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
