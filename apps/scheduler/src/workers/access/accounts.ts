import type { WorkerAccess } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from '../fleet.js';

/** What keeping the accounts takes. */
export interface AccountsParts {
  /** Absent where workers have no accounts of their own. */
  readonly access: WorkerAccess | undefined;
  readonly fleet: Fleet;
  readonly log: Logger;
}

/**
 * The accounts of our workers at Redis. Redis forgets them when it restarts, and a new master never had them: they are made again
 * before any job is assigned.
 */
export class Accounts {
  #due = false;
  #restored = Promise.resolve();

  constructor(private readonly parts: AccountsParts) {}

  /** To be called whenever a connection to Redis is made: the accounts may be gone. */
  onConnected(): void {
    this.#due = true;
    this.#restored = this.restore();
  }

  /** Resolves when workers can hear of what they are given. */
  ready(): Promise<void> {
    return this.#restored;
  }

  /** Makes them again where they may be gone. Never rejects: what fails is tried again with the next call. */
  async restore(): Promise<void> {
    if (!this.#due) return;
    const { access, fleet, log } = this.parts;
    try {
      await access?.restore(fleet.all().map((worker) => worker.id));
      this.#due = false;
    } catch (error) {
      log.warn({ err: error }, "the workers' accounts could not be restored yet");
    }
  }
}
