import type { Clock, Failure, LeaseStore, Profile } from '@remuda/domain';
import { type Forgetting, type Leadership, publishProfiles, type Queues, type Sweeps } from '@remuda/redis';
import type { OrphanedClaims } from './attempts/orphaned-claims.js';

/** Dependencies of the sweeper. */
export interface SweeperParts {
  readonly leadership: Leadership;
  readonly queues: Queues;
  readonly sweeps: Sweeps;
  readonly leases: LeaseStore;
  readonly forgetting: Forgetting;
  readonly orphaned: OrphanedClaims;
  readonly profiles: readonly Profile[];
  readonly clock: Clock;
}

/** Handles everything that is due by time. Only one of several schedulers does it. */
export class Sweeper {
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

  /** Publishes the current profiles. */
  async publish(): Promise<void> {
    const { queues, profiles } = this.parts;
    const published = profiles.map(({ name, pool }) => [name, pool] as const);
    await publishProfiles(queues.connection, queues.keys, Object.fromEntries(published));
  }
}

const expired: Failure = { code: 'job.expired', message: 'The job did not start within its ttlMs.' };
