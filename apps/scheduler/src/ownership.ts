import type { Clock } from '@remuda/domain';
import type { Leases, Relay, WorkerRegistry } from '@remuda/queue';
import type { Logger } from '@remuda/runtime';
import type { Fleet } from './fleet.js';
import type { Holdings } from './holdings.js';
import { lost, type Losses } from './losses.js';
import type { Wishes } from './wishes.js';

/** What ownership of workers touches. */
export interface OwnershipParts {
  readonly fleet: Fleet;
  readonly holdings: Holdings;
  readonly registry: WorkerRegistry;
  readonly leases: Leases;
  readonly losses: Losses;
  readonly wishes: Wishes;
  readonly relay: () => Relay;
  /** Names us among the schedulers. */
  readonly scheduler: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** A worker came to us, and may be free. */
  readonly onTaken: (profile: string) => void;
}

/** Which workers are ours: keeps them, takes those whose scheduler is gone, and lets go of those that another one has. */
export class Ownership {
  constructor(private readonly parts: OwnershipParts) {}

  /** Renews what we own, adopts what nobody owns, and ends what is silent or late. */
  async keep(): Promise<void> {
    const { fleet, registry, losses, wishes, scheduler, clock } = this.parts;
    const workers = await registry.all();
    fleet.awake(clock.now());
    const wanted = workers.filter(({ id, owner }) => {
      const theirs = owner !== undefined && owner !== scheduler;
      return fleet.get(id) !== undefined || !(theirs || losses.has(id));
    });
    const owned = await registry.own(wanted.map(({ id }) => id));
    for (const worker of wanted) {
      const { id } = worker;
      // Its removal may take longer than we own it; what it comes to is found out there.
      if (losses.has(id)) continue;
      const ours = fleet.get(id) !== undefined;
      if (ours && !owned.has(id)) this.disown(id);
      if (!ours && owned.has(id)) await this.#adopt(id);
      if (owned.has(id)) await wishes.heed(worker);
    }
    await this.#endLate();
  }

  /** Another scheduler has the worker: ours no more, and nothing of it is touched. */
  disown(worker: string): void {
    this.parts.relay().unfollow(worker);
    this.parts.holdings.letGo(worker);
    this.parts.fleet.remove(worker);
  }

  /** Lets go of all workers, so that another scheduler can take them at once. */
  async handOver(): Promise<void> {
    await this.parts.registry.release(this.parts.fleet.all().map((worker) => worker.id));
  }

  async #endLate(): Promise<void> {
    const { fleet, holdings, losses, clock } = this.parts;
    const now = clock.now();
    for (const own of fleet.all()) {
      const reason = fleet.lost(own, now);
      if (reason !== undefined) void losses.lose(own.id, lost(reason));
    }
    losses.again();
    for (const { worker, failure } of await holdings.overdue(now)) void losses.lose(worker, failure);
  }

  /** Takes over a worker, and the job that it carries out. */
  async #adopt(worker: string): Promise<void> {
    const { fleet, registry, relay, clock, log, onTaken } = this.parts;
    const found = await registry.find(worker);
    // It was removed since we looked.
    if (!found) return;
    const now = clock.now();
    const { id, profile, phase, startedAt, readyAt } = found;
    const own = { id, profile, phase, startedAt, readyAt: readyAt ?? 0, heardAt: now };
    fleet.add(own);
    if (found.job !== undefined && found.lease !== undefined) await this.#adoptJob(id, found.job, found.lease);
    if (phase === 'idle') fleet.free(own);
    if (phase === 'draining') fleet.engage(id, 'draining', now);
    await relay().follow(id);
    log.info({ worker: id, phase, job: found.job }, 'took over a worker');
    onTaken(profile);
  }

  async #adoptJob(worker: string, id: string, lease: number): Promise<void> {
    const { leases, holdings } = this.parts;
    const [found, lock] = await Promise.all([leases.read(id), leases.lockOf(id)]);
    if (!found || lock === undefined || found.job.lease !== lease || found.job.worker !== worker) return;
    const deadline = (found.job.times.claimedAt ?? 0) + found.job.spec.timeoutMs;
    holdings.hold({ held: { id, lock, placedAt: 0 }, job: found.job, worker, lease, deadline });
  }
}
