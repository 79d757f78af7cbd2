import type { Clock, ContainerRuntime, LeaseStore } from '@remuda/domain';
import type { Relay, WorkerRegistry } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import type { Fleet, OwnWorker } from './fleet.js';
import type { Holdings } from '../attempts/holdings.js';
import type { Losses } from '../attempts/losses.js';
import { drained, lost } from '../attempts/lost.js';
import type { Identity } from '../identity.js';
import type { Signals } from '../signals.js';
import { onEngine, ownableOf } from './ownable.js';
import { containersInTime } from './removal.js';
import type { OperatorOrders } from './operator-orders.js';

/** Dependencies of ownership of workers. */
export interface OwnershipParts {
  readonly fleet: Fleet;
  readonly holdings: Holdings;
  readonly registry: WorkerRegistry;
  readonly leases: LeaseStore;
  readonly losses: Losses;
  readonly orders: OperatorOrders;
  readonly relay: Relay;
  readonly identity: Identity;
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signals: Pick<Signals, 'work'>;
}

/** Ownership of workers: renews ours, takes those whose scheduler is gone, and releases those that another one has. */
export class Ownership {
  /** Workers on other engines without an owner, and since when, by the monotonic clock in ms. */
  #left: ReadonlyMap<string, number> = new Map();

  constructor(private readonly parts: OwnershipParts) {}

  /** Renews our workers, adopts those without an owner, and ends silent and late ones. */
  async keep(): Promise<void> {
    const { fleet, registry, losses, orders, identity, clock } = this.parts;
    const { scheduler, engine } = identity;
    const workers = await registry.all();
    fleet.awake(clock.monotonic());
    const free = workers.filter(({ owner }) => owner === undefined || owner === scheduler);
    const { ids: ownable, left } = ownableOf(free, { engine, left: this.#left, now: clock.monotonic() });
    this.#left = left;
    const wanted = workers.filter(({ id }) => fleet.get(id) !== undefined || (ownable.has(id) && !losses.has(id)));
    const owned = await registry.own(wanted.map(({ id }) => id));
    for (const worker of wanted) {
      const { id } = worker;
      // Its removal may take longer than we own it; the removal itself handles that.
      if (losses.has(id)) continue;
      const ours = fleet.get(id) !== undefined;
      if (ours && !owned.has(id)) this.disown(id);
      if (!ours && owned.has(id)) await this.#adopt(id);
      if (owned.has(id)) await orders.apply(worker);
    }
    await this.#endLate();
  }

  /** Another scheduler has the worker: it is no longer ours, and nothing of it is changed. */
  disown(worker: string): void {
    this.parts.relay.unfollow(worker);
    this.parts.holdings.letGo(worker);
    this.parts.fleet.remove(worker);
  }

  /** Releases all workers, so that another scheduler can take them at once. */
  async handOver(): Promise<void> {
    await this.parts.registry.release(this.parts.fleet.all().map((worker) => worker.id));
  }

  async #endLate(): Promise<void> {
    const { fleet, holdings, losses, clock } = this.parts;
    const now = clock.monotonic();
    const quiet: OwnWorker[] = [];
    for (const own of fleet.all()) {
      if (fleet.late(own, now)) void losses.lose(own.id, drained());
      else if ((isUnseen(own) || fleet.silence(own, now) !== 'none') && !losses.has(own.id)) quiet.push(own);
    }
    if (quiet.length > 0) await this.#endQuiet(quiet, now);
    losses.again();
    for (const { worker, failure } of await holdings.overdue(now)) void losses.lose(worker, failure);
  }

  /**
   * Ends workers whose heartbeat timed out, and those whose container is gone. A worker with unread reports is not
   * silent.
   */
  async #endQuiet(quiet: readonly OwnWorker[], now: number): Promise<void> {
    const { fleet, losses, relay, identity } = this.parts;
    const containers = await containersInTime(this.parts);
    const running = new Set(containers?.filter((one) => one.running).map(({ worker }) => worker));
    for (const own of quiet) {
      if (await relay.lags(own.id)) fleet.hear(own, now);
      else if (containers && onEngine(own, identity.engine) && !running.has(own.id))
        void losses.lose(own.id, lost('its container is gone'));
      else if (fleet.silence(own, now) === 'silent') void losses.lose(own.id, lost(silent(own, now)));
    }
  }

  /** Takes over a worker, and its job. */
  async #adopt(worker: string): Promise<void> {
    const { fleet, registry, relay, clock, log, signals } = this.parts;
    const found = await registry.find(worker);
    // It was removed since the check.
    if (!found) return;
    const now = clock.monotonic();
    const { id, profile, phase, readyAt = 0, engine, bridge, fingerprint, release } = found;
    const startedAt = now - passed(found.startedAt, clock.now());
    // Its next report shows that it is alive: until then it gets no job.
    const made = { engine, bridge, fingerprint, release };
    const own = { id, profile, phase, startedAt, readyAt, heardAt: -Infinity, ...made };
    fleet.add(own);
    fleet.excuse(now);
    if (found.job !== undefined && found.lease !== undefined) await this.#adoptJob(id, found.job, found.lease);
    if (phase === 'idle') fleet.list(own);
    if (phase === 'draining') fleet.engage(id, 'draining', now);
    await relay.follow(id);
    log.info({ worker: id, phase, job: found.job }, 'took over a worker');
    // It may be free.
    signals.work(profile);
  }

  async #adoptJob(worker: string, id: string, lease: number): Promise<void> {
    const { leases, holdings, clock } = this.parts;
    const [found, lock] = await Promise.all([leases.read(id), leases.lockOf(id)]);
    if (!found || lock === undefined || found.job.lease !== lease || found.job.worker !== worker) return;
    const passedMs = passed(found.job.times.claimedAt ?? 0, clock.now());
    const deadline = clock.monotonic() + Math.max(0, found.job.spec.timeoutMs - passedMs);
    holdings.hold({ held: { id, lock, placedAt: 0 }, job: found.job, worker, lease, deadline });
  }
}

/**
 * Whether another scheduler began the worker's start, and it never reported: that scheduler may have died before there
 * was a container.
 */
const isUnseen = ({ phase, heardAt }: OwnWorker): boolean => phase === 'starting' && heardAt === -Infinity;

const silent = ({ heardAt }: OwnWorker, now: number): string =>
  heardAt === -Infinity ? 'no heartbeat' : `no heartbeat for ${String(Math.round((now - heardAt) / 1000))} s`;

/** Time since a time that another scheduler recorded in ms: as accurate as both clocks, and never negative. */
const passed = (at: number, now: number): number => Math.max(0, now - at);
