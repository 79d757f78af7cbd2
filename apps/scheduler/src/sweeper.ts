import type { Clock, Failure, LeaseStore, Profile, TenantRules } from '@remuda/domain';
import {
  type Forgetting,
  type Leadership,
  publishProfiles,
  publishTenants,
  type Queues,
  type Sweeps,
} from '@remuda/redis';
import type { OrphanedClaims } from './attempts/orphaned-claims.js';

/** A look at all tenants whose jobs wait takes some ms, where there are many. */
const relistEveryMs = 10_000;

/** Dependencies of the sweeper. */
export interface SweeperParts {
  readonly leadership: Leadership;
  readonly queues: Queues;
  readonly sweeps: Sweeps;
  readonly leases: LeaseStore;
  readonly forgetting: Forgetting;
  readonly orphaned: OrphanedClaims;
  readonly profiles: readonly Profile[];
  readonly tenants: TenantRules;
  readonly clock: Clock;
}

/** Handles everything that is due by time. Only one of several schedulers does it. */
export class Sweeper {
  #relistedAt = -Infinity;

  constructor(private readonly parts: SweeperParts) {}

  /**
   * Places jobs that an api wrote but did not place, frees orphaned claims, ends those that waited too long, and
   * deletes old ones. By Redis' clock, and also while Redis is full: less urgent work is service work.
   */
  async sweep(): Promise<void> {
    const { leadership, forgetting, orphaned, clock } = this.parts;
    if (!(await leadership.sweeping())) return;
    const now = clock.now();
    // Concurrently: usually there is nothing to do, and the queries then share a round trip.
    const swept = await Promise.allSettled([
      this.publish(),
      this.#placeAndExpire(now),
      this.#relist(),
      orphaned.free(),
      forgetting.forget(now),
    ]);
    const failed = swept.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** Sequentially: a job that has waited too long must not be placed after its end. */
  async #placeAndExpire(now: number): Promise<void> {
    const { sweeps, leases } = this.parts;
    await sweeps.placeForgotten(now);
    for (const job of await sweeps.expired(now)) await leases.failQueued(job, expired);
  }

  /** Tenants whose limit of dollars has ended take turns again, and those that a crash has left out. */
  async #relist(): Promise<void> {
    const { sweeps, profiles, clock } = this.parts;
    if (clock.monotonic() - this.#relistedAt < relistEveryMs) return;
    this.#relistedAt = clock.monotonic();
    for (const { name } of profiles) await sweeps.relist(name);
  }

  /** Publishes the current profiles, and the rules of tenants. */
  async publish(): Promise<void> {
    const { queues, profiles, tenants } = this.parts;
    const published = profiles.map(({ name, pool }) => [name, pool] as const);
    await Promise.all([
      publishProfiles(queues.connection, queues.keys, Object.fromEntries(published)),
      publishTenants(queues.connection, queues.keys, tenants),
    ]);
  }
}

const expired: Failure = { code: 'job.expired', message: 'The job did not start within its ttlMs.' };
