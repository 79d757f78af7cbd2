import { isHeld, type Clock, type ContainerRuntime, type LeaseStore, type WorkerRecord } from '@remuda/domain';
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

/** All workers are looked at so often in any case, in ms: word of changes may get lost. Owners' keys last three times as long. */
const lookEveryMs = 5_000;

/** Ownership of workers: renews ours, takes those whose scheduler is gone, and releases those that another one has. */
export class Ownership {
  /** Workers on other engines without an owner, and since when, by the monotonic clock in ms. */
  #left: ReadonlyMap<string, number> = new Map();
  /** When all owners were last looked at, by the monotonic clock in ms; -Infinity if they may have changed since. */
  #lookedAt = -Infinity;

  constructor(private readonly parts: OwnershipParts) {}

  /** Owners or orders may have changed: the next `keep` looks at all of them. */
  stir(): void {
    this.#lookedAt = -Infinity;
  }

  /**
   * Ends silent and late workers; and, if something may have changed or some seconds have passed, renews our workers
   * and adopts those without an owner.
   */
  async keep(): Promise<void> {
    const since = this.parts.clock.monotonic();
    if (since - this.#lookedAt >= lookEveryMs) {
      // What is stirred while we look is looked at again.
      this.#lookedAt = since;
      try {
        await this.#look();
      } catch (error) {
        this.stir();
        throw error;
      }
    }
    await this.#endLate();
  }

  /** Looks at all workers: this costs Redis and us as much as there are. */
  async #look(): Promise<void> {
    const { fleet, registry, losses, orders, identity, clock } = this.parts;
    const { scheduler, engine } = identity;
    const workers = await registry.all();
    fleet.awake(clock.monotonic());
    const free = workers.filter(({ owner }) => owner === undefined || owner === scheduler);
    const { ids: ownable, left } = ownableOf(free, { engine, left: this.#left, now: clock.monotonic() });
    this.#left = left;
    const wanted = workers.filter(({ id }) => fleet.get(id) !== undefined || (ownable.has(id) && !losses.has(id)));
    const owned = await registry.own(wanted.map(({ id }) => id));
    // Its removal may take longer than we own it; the removal itself handles that.
    const kept = wanted.filter(({ id }) => !losses.has(id));
    for (const { id } of kept) if (fleet.get(id) !== undefined && !owned.has(id)) this.disown(id);
    await this.#adopt(kept.flatMap(({ id }) => (owned.has(id) && fleet.get(id) === undefined ? [id] : [])));
    for (const worker of kept) if (owned.has(worker.id)) await orders.apply(worker);
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

  /** Takes over workers, and their jobs; all at once, since each may have a job whose client waits. */
  async #adopt(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const { fleet, registry, relay, clock, log, signals } = this.parts;
    const began = clock.monotonic();
    // Others were removed since the check.
    const found = await registry.some(ids);
    const now = clock.monotonic();
    for (const one of found) fleet.add(this.#ownedFrom(one, now));
    fleet.excuse(now);
    try {
      await Promise.all(
        found.map(async ({ id, job, lease }) => {
          if (job !== undefined && lease !== undefined) await this.#adoptJob(id, job, lease);
        }),
      );
      await relay.follow(...found.map(({ id }) => id));
    } catch (error) {
      // Half of it would be worse than none: the next look begins again.
      for (const { id } of found) this.disown(id);
      throw error;
    }
    for (const { id, phase } of found) {
      const own = fleet.get(id);
      if (own && phase === 'idle') fleet.list(own);
      if (phase === 'draining') fleet.engage(id, 'draining', now);
    }
    const jobs = found.flatMap(({ job }) => (job === undefined ? [] : [job]));
    log.info(
      { workers: found.length, jobs: jobs.length, ms: Math.round(clock.monotonic() - began) },
      'took over workers',
    );
    for (const { id, phase, job } of found) log.debug({ worker: id, phase, job }, 'took over a worker');
    // Some may be free.
    for (const profile of new Set(found.map((one) => one.profile))) signals.work(profile);
  }

  #ownedFrom({ id, profile, phase, readyAt = 0, startedAt, ...made }: WorkerRecord, now: number): OwnWorker {
    const { engine, bridge, fingerprint, release, job, lease } = made;
    const since = now - passed(startedAt, this.parts.clock.now());
    // Its next report shows that it is alive: until then it gets no job.
    const own = { id, profile, phase, startedAt: since, readyAt, heardAt: -Infinity };
    // If it still takes the snapshot of a turn that is over, it is of this one.
    const keeping = job === undefined || lease === undefined ? {} : { keeping: { job, lease } };
    return { ...own, engine, bridge, fingerprint, release, ...keeping };
  }

  async #adoptJob(worker: string, id: string, lease: number): Promise<void> {
    const { leases, holdings, clock } = this.parts;
    const [found, lock] = await Promise.all([leases.read(id), leases.lockOf(id)]);
    if (
      !found ||
      !isHeld(found.job.state) ||
      lock === undefined ||
      found.job.lease !== lease ||
      found.job.worker !== worker
    )
      return;
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
