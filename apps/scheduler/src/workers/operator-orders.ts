import type { Clock, RecycleReason, WorkerRecord } from '@remuda/domain';
import { encodeControl } from '@remuda/protocol';
import type { WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from './fleet.js';
import type { SchedulerMetrics } from '../metrics.js';
import type { Signals } from '../signals.js';

/** Dependencies of carrying out orders. */
export interface OperatorOrdersParts {
  readonly fleet: Fleet;
  readonly registry: WorkerRegistry;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
  readonly signals: Pick<Signals, 'work' | 'poolChanged'>;
}

/** Carries out orders for our workers from their records: those of an operator, or of the pool's plan. */
export class OperatorOrders {
  constructor(private readonly parts: OperatorOrdersParts) {}

  /** Compares orders with the actual state. Idempotent. */
  async apply(worker: WorkerRecord): Promise<void> {
    this.#cordon(worker);
    if (worker.drainBy !== undefined) await this.drain(worker.id, worker.drainBy);
  }

  /** Lets a worker finish its job until then (epoch ms), and leave; without a reason it was ordered elsewhere. */
  async drain(id: string, by: number, reason?: RecycleReason): Promise<void> {
    const { fleet, registry, clock, metrics, log, signals } = this.parts;
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
    signals.poolChanged();
  }

  #cordon({ id, cordoned = false }: WorkerRecord): void {
    const { fleet, log, signals } = this.parts;
    const own = fleet.get(id);
    if (!own || (own.cordoned ?? false) === cordoned) return;
    own.cordoned = cordoned;
    log.info({ worker: id }, cordoned ? 'a worker is cordoned' : 'a worker is no longer cordoned');
    if (cordoned) {
      fleet.unlist(id);
      signals.poolChanged();
    } else if (own.phase === 'idle') {
      fleet.list(own);
      signals.work(own.profile);
    }
  }
}
