import type { Clock, RecycleReason, WorkerRecord } from '@remuda/domain';
import { encodeControl } from '@remuda/protocol';
import type { WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from './fleet.js';
import type { SchedulerMetrics } from '../metrics.js';

/** What heeding wishes touches. */
export interface WishesParts {
  readonly fleet: Fleet;
  readonly registry: WorkerRegistry;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
  /** A worker may be given jobs again. */
  readonly onFree: (profile: string) => void;
  /** A worker leaves, or is of no use for the moment: its pool may want another one. */
  readonly onLess: () => void;
}

/** Makes so what is wanted of single workers of ours, as their records have it: by an operator, or by the pool's plan. */
export class Wishes {
  constructor(private readonly parts: WishesParts) {}

  /** Compares what is wanted with what is so. Doing it again does no harm. */
  async heed(worker: WorkerRecord): Promise<void> {
    this.#cordon(worker);
    if (worker.drainBy !== undefined) await this.drain(worker.id, worker.drainBy);
  }

  /** Lets a worker finish what it does until then (epoch ms), and leave; without a reason somebody else has asked for it. */
  async drain(id: string, by: number, reason?: RecycleReason): Promise<void> {
    const { fleet, registry, clock, metrics, log, onLess } = this.parts;
    const own = fleet.get(id);
    if (!own || (own.drainBy !== undefined && own.drainBy <= by)) return;
    const now = clock.now();
    const limitMs = Math.max(0, by - now);
    await registry.askDrain(id, by);
    await registry.tell(id, encodeControl({ kind: 'drain', limitMs }));
    if (own.drainBy === undefined) metrics.recycled.inc({ profile: own.profile, reason: reason ?? 'asked' });
    const tick = clock.monotonic();
    own.drainBy = by;
    own.leaveBy = tick + limitMs;
    fleet.engage(id, 'draining', tick);
    log.info({ worker: id, limitMs, reason }, 'a worker drains');
    onLess();
  }

  #cordon({ id, cordoned = false }: WorkerRecord): void {
    const { fleet, log, onFree, onLess } = this.parts;
    const own = fleet.get(id);
    if (!own || (own.cordoned ?? false) === cordoned) return;
    own.cordoned = cordoned;
    log.info({ worker: id }, cordoned ? 'a worker is cordoned' : 'a worker is no longer cordoned');
    if (cordoned) {
      fleet.unlist(id);
      onLess();
    } else if (own.phase === 'idle') {
      fleet.free(own);
      onFree(own.profile);
    }
  }
}
