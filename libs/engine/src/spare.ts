import type { EngineLog } from './options.js';
import type { Session } from './session.js';
import type { Starter } from './starter.js';

/** A process kept beside the warm one, for jobs whose `initialize` has to differ: at most one at a time. */
export class Spare {
  #kept: Promise<Session | undefined> | undefined;
  #ready: Session | undefined;

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

  /** Gives it away, after its start; undefined where there is none that lives. */
  async take(): Promise<Session | undefined> {
    const spare = await this.#kept;
    this.#kept = undefined;
    this.#ready = undefined;
    return spare?.process.alive ? spare : undefined;
  }

  async #start(): Promise<Session | undefined> {
    try {
      this.#ready = await this.starter.primed();
      return this.#ready;
    } catch (error) {
      this.log.warn({ err: error }, 'no spare process could be started');
      return undefined;
    }
  }
}
