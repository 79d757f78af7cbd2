import type { Clock, Failure, LeaseStore, Profile } from '@remuda/domain';
import {
  type Forgetting,
  type Leadership,
  publishProfiles,
  type Queues,
  type Sweeps,
} from '@remuda/redis';
import type { OrphanedClaims } from './attempts/orphaned-claims.js';

/** What sweeping touches. */
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

/** Looks after what time has overtaken. Of several schedulers one at a time does it. */
export class Sweeper {
  constructor(private readonly parts: SweeperParts) {}

  /**
   * Places jobs that an api wrote and did not place, frees claimed ones that nobody carries out, ends those that waited
   * too long, and forgets old ones. All of it by Redis' clock, and also while Redis is full: what can wait is service work.
   */
  async sweep(): Promise<void> {
    const { leadership, forgetting, orphaned, clock } = this.parts;
    if (!(await leadership.sweeping())) return;
    const now = clock.now();
    // Side by side: mostly there is nothing to do, and what they ask then travels together.
    const swept = await Promise.allSettled([
      this.publish(),
      this.#placeAndExpire(now),
      orphaned.free(),
      forgetting.forget(now),
    ]);
    const failed = swept.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  }

  /** One after the other: a job that has waited too long is given no place after its end. */
  async #placeAndExpire(now: number): Promise<void> {
    const { sweeps, leases } = this.parts;
    await sweeps.placeForgotten(now);
    for (const job of await sweeps.expired(now)) await leases.failQueued(job, expired);
  }

  /** Says which profiles there are. */
  async publish(): Promise<void> {
    const { queues, profiles } = this.parts;
    const published = profiles.map(({ name, pool }) => [name, pool] as const);
    await publishProfiles(queues.connection, queues.keys, Object.fromEntries(published));
  }
}

const expired: Failure = { code: 'job.expired', message: 'The job did not start within its ttlMs.' };
