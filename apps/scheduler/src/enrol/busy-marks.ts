import type { Newcomers } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from '../workers/fleet.js';

/** What marking takes. */
export interface BusyMarksParts {
  readonly newcomers: Pick<Newcomers, 'mark'>;
  readonly fleet: Pick<Fleet, 'all'>;
  /** Whether the workers of a profile are made by something else, which then may take them away. */
  readonly isEnrolled: (profile: string) => boolean;
  readonly log: Logger;
}

/** Tells whoever scales a pool in which of its workers have a job, so that it takes the others. */
export class BusyMarks {
  /** What was told last, by worker. Before anything was told, it is taken for one without a job. */
  readonly #told = new Map<string, boolean>();

  constructor(private readonly parts: BusyMarksParts) {}

  /** Tells what has changed since it was told last. Never rejects: what fails is told the next time. */
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
