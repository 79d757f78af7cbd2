import type { ContainerExit, ContainerRuntime, Failure } from '@remuda/domain';
import type { Relay, WorkerAccess, WorkerRegistry } from '@remuda/queue';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from './fleet.js';
import type { Holdings } from './holdings.js';
import type { SchedulerMetrics } from './metrics.js';

/** What taking a worker out of everything touches. */
export interface LossesParts {
  readonly fleet: Fleet;
  readonly holdings: Holdings;
  readonly registry: WorkerRegistry;
  readonly access: WorkerAccess | undefined;
  readonly runtime: ContainerRuntime;
  readonly relay: () => Relay;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
  /** A worker's room is free again, and its job perhaps back in the queue. */
  readonly onGone: (profile: string) => void;
  readonly onFailedStart: (profile: string, reason: string) => Promise<void>;
  /** The worker is another scheduler's. */
  readonly onElsewhere: (worker: string) => void;
}

/** Takes workers out of everything: what one still said is heard, what it held is ended, what is left of it removed. */
export class Losses {
  readonly #underWay = new Map<string, Promise<void>>();
  /** What could not be done: Redis was away, or too busy. */
  readonly #unfinished = new Map<string, Failure>();

  constructor(private readonly parts: LossesParts) {}

  /** Whether the worker is on its way out. */
  has(worker: string): boolean {
    return this.#underWay.has(worker);
  }

  /** Loses a worker; once, however often it's said. Never rejects: what could not be done is done by `again`. */
  lose(worker: string, failure: Failure): Promise<void> {
    const underWay = this.#underWay.get(worker);
    if (underWay) return underWay;
    this.#unfinished.delete(worker);
    const losing = this.#lose(worker, failure)
      .catch((error: unknown) => {
        this.#unfinished.set(worker, failure);
        this.parts.log.warn({ err: error, worker }, 'a lost worker could not be removed yet');
      })
      .finally(() => this.#underWay.delete(worker));
    this.#underWay.set(worker, losing);
    return losing;
  }

  /** Takes up what could not be done before. */
  again(): void {
    for (const [worker, failure] of this.#unfinished) void this.lose(worker, failure);
  }

  /** A container ended by itself. */
  async onExit({ worker, reason, lastLines, outOfMemory }: ContainerExit): Promise<void> {
    const { fleet, log, onFailedStart } = this.parts;
    const own = fleet.get(worker);
    if (!own) return;
    if (own.phase !== 'draining') log.warn({ worker, reason, outOfMemory, lastLines }, 'a worker ended');
    const starting = own.phase === 'starting';
    await this.lose(worker, lost(reason, lastLines));
    if (starting) await onFailedStart(own.profile, reason);
  }

  async #lose(worker: string, failure: Failure): Promise<void> {
    const { fleet, holdings, registry, access, runtime, relay, metrics, onGone, onElsewhere } = this.parts;
    const own = fleet.get(worker);
    // While we were frozen another scheduler may have taken it over, and know better.
    if (!(await registry.own(worker))) {
      onElsewhere(worker);
      return;
    }
    await relay().finish(worker);
    if (own && own.phase !== 'draining') metrics.lost.inc({ profile: own.profile });
    await holdings.onFailure(worker, failure);
    await access?.revoke(worker);
    await runtime.stop(worker, 0);
    await registry.forget(worker);
    fleet.remove(worker);
    if (own) onGone(own.profile);
  }
}

/** The failure of whatever a lost worker carried out. */
export function lost(reason: string, lastLines: readonly string[] = []): Failure {
  const lines = lastLines.length > 0 ? { lastLines } : {};
  return { code: 'worker.lost', message: `The worker was lost: ${reason}.`, ...lines };
}
