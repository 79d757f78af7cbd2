import type { Clock, ContainerRuntime } from '@remuda/domain';
import type { WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import { toReap, type ReapLook } from './to-reap.js';

/** Dependencies of the reaper. */
export interface ReaperParts {
  readonly runtime: Pick<ContainerRuntime, 'list' | 'stop'>;
  readonly registry: Pick<WorkerRegistry, 'ids'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Removes containers that belong to no known worker, whoever leads their pool: that of a removed profile nobody leads,
 * and a leader on another engine does not see them. Each scheduler does so for its own engine.
 */
export class Reaper {
  #since: ReapLook['since'] = new Map();

  constructor(private readonly parts: ReaperParts) {}

  /** Looks once. Rejects if the engine or Redis does not answer: then nothing counts as an orphan. */
  async reap(): Promise<void> {
    const { runtime, registry, clock } = this.parts;
    // in this order: a container that is seen was started by then, and so its worker was recorded
    const containers = await runtime.list();
    const workers = await registry.ids();
    const look = { since: this.#since, now: clock.monotonic() };
    const { reap, since } = toReap(containers, new Set(workers), look);
    this.#since = since;
    await Promise.all(reap.map((container) => this.#remove(container)));
  }

  /** What cannot be removed now is tried again at the next look. */
  async #remove(container: string): Promise<void> {
    const { runtime, log } = this.parts;
    log.warn({ container }, 'reaping a container that belongs to no known worker');
    await runtime.stop(container, 0).catch((err: unknown) => {
      log.warn({ err, container }, 'an orphaned container could not be removed yet');
    });
  }
}
