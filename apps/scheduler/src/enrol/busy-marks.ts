import type { Newcomers } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from '../workers/fleet.js';

/** Dependencies of marking. */
export interface BusyMarksParts {
  readonly newcomers: Pick<Newcomers, 'mark'>;
  readonly fleet: Pick<Fleet, 'all'>;
  /** Whether something else creates the workers of a profile, and may remove them. */
  readonly isEnrolled: (profile: string) => boolean;
  readonly log: Logger;
}

/** Marks the workers that have a job, so that whatever scales in a pool removes others. */
export class BusyMarks {
  /** The last mark by worker. An unmarked worker counts as one without a job. */
  readonly #told = new Map<string, boolean>();

  constructor(private readonly parts: BusyMarksParts) {}

  /** Updates the marks that have changed. Never rejects: a failed update is retried the next time. */
  async keep(): Promise<void> {
    const { fleet, isEnrolled } = this.parts;
    const workers = fleet.all().filter(({ profile }) => isEnrolled(profile));
    const ids = new Set(workers.map(({ id }) => id));
    for (const id of this.#told.keys()) if (!ids.has(id)) this.#told.delete(id);
    await Promise.all(workers.map(({ id, phase }) => this.#tell(id, phase === 'busy')));
  }

  async #tell(worker: string, busy: boolean): Promise<void> {
    if ((this.#told.get(worker) ?? false) === busy) return;
    try {
      await this.parts.newcomers.mark(worker, busy);
      this.#told.set(worker, busy);
    } catch (err) {
      this.parts.log.warn({ err, worker, busy }, 'the annotation of whether a worker has a job could not be updated');
    }
  }
}
