import type { WorkerAccess } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from '../fleet.js';

/** Dependencies of keeping the accounts. */
export interface AccountsParts {
  /** Absent if workers have no accounts of their own. */
  readonly access: WorkerAccess | undefined;
  readonly fleet: Fleet;
  readonly log: Logger;
}

/**
 * The Redis accounts of our workers. Redis loses them in a restart, and a new master never had them: they are restored
 * before any job is assigned.
 */
export class Accounts {
  #due = false;
  #restored = Promise.resolve();

  constructor(private readonly parts: AccountsParts) {}

  /** To be called on every connection to Redis: the accounts may be gone. */
  onConnected(): void {
    this.#due = true;
    this.#restored = this.restore();
  }

  /** Resolves when workers can receive their assignments. */
  ready(): Promise<void> {
    return this.#restored;
  }

  /** Restores them if they may be gone. Never rejects: the next call retries. */
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
