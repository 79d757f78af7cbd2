import type { Clock } from '@remuda/domain';
import { formatsText, messageFormats } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import type { Fleet, OwnWorker } from './fleet.js';
import type { SchedulerMetrics } from '../metrics.js';
import type { Signals } from '../signals.js';
import type { OperatorOrders } from './operator-orders.js';

/** Dependencies of handling workers of other releases. */
export interface OtherReleasesParts {
  readonly fleet: Fleet;
  readonly orders: OperatorOrders;
  readonly clock: Clock;
  readonly metrics: SchedulerMetrics;
  readonly log: Logger;
  readonly signals: Pick<Signals, 'lost' | 'startFailed'>;
}

/**
 * Workers whose messages have another format than ours: they get no job, and leave. One that has just started counts as
 * a failed start, since the next one with its image would be the same.
 */
export class OtherReleases {
  /** Those that are leaving: they continue to report meanwhile. */
  readonly #removed = new WeakSet<OwnWorker>();

  constructor(private readonly parts: OtherReleasesParts) {}

  /** A worker's reports are not understood: it is removed, and its job is requeued. */
  refuse(worker: string, format: number): void {
    const { fleet, metrics } = this.parts;
    const own = fleet.get(worker);
    if (!own || this.#removed.has(own)) return;
    metrics.refused.inc({ reason: 'incompatible' });
    this.#remove(own, format);
  }

  /** A worker's reports are understood, but it would not understand us: it leaves when it is idle. */
  async retire(own: OwnWorker, format: number): Promise<void> {
    const { fleet, orders, clock, log } = this.parts;
    if (this.#removed.has(own) || own.drainBy !== undefined) return;
    if (own.phase === 'starting') {
      this.#remove(own, format);
      return;
    }
    // First in memory: until it is stored it could get a job.
    fleet.unlist(own.id);
    log.warn({ worker: own.id, format }, `a worker of an older release leaves: ${reasonOf(format)}`);
    await orders.drain(own.id, clock.now(), 'stale');
  }

  #remove(own: OwnWorker, format: number): void {
    const { signals, log } = this.parts;
    const { id, profile, phase } = own;
    const reason = reasonOf(format);
    this.#removed.add(own);
    log.error({ worker: id, profile, format }, `a worker of another release is removed: ${reason}`);
    if (phase === 'starting')
      void signals.startFailed(profile, reason).catch((error: unknown) => {
        log.warn({ err: error, profile }, 'a failed start could not be recorded');
      });
    signals.lost(id, { code: 'worker.incompatible', message: `The worker was removed: ${reason}.` });
  }
}

const reasonOf = (format: number): string =>
  `its messages have the format ${String(format)}, but this scheduler knows ${formatsText(messageFormats)} and writes ${String(messageFormats.own)}`;
