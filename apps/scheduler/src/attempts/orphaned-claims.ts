import { isHeld, isOver, type Clock, type Failure, type LeaseStore } from '@remuda/domain';
import type { OrphanedClaim, ProfileQueue, Sweeps } from '@remuda/redis';
import type { Logger } from '@remuda/runtime';
import { cancelled, endingOfFailure } from './ending.js';
import { lost } from './lost.js';

/** From a claim to its lease, and from an end to its place in the queue, it takes some ms; this is too long. */
const patienceMs = 5_000;
const lookEveryMs = 2_000;

/** Dependencies of freeing orphaned claims. */
export interface OrphanedClaimsParts {
  readonly leases: LeaseStore;
  readonly sweeps: Sweeps;
  readonly queues: readonly ProfileQueue[];
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Claimed jobs that no worker carries out: their scheduler died between the claim and the lease, or between an
 * attempt's end and the job's place in the queue; or their worker disappeared. Otherwise they would wait until the
 * claim's lock expires, or for ever.
 */
export class OrphanedClaims {
  /** When each was first seen in this state. */
  #seen = new Map<string, number>();
  #lookedAt = -Infinity;

  constructor(private readonly parts: OrphanedClaimsParts) {}

  /** Checks all claims periodically, and frees those that have been orphaned for some seconds. */
  async free(): Promise<void> {
    const { queues, sweeps, clock } = this.parts;
    const now = clock.monotonic();
    if (now - this.#lookedAt < lookEveryMs) return;
    this.#lookedAt = now;
    const seen = new Map<string, number>();
    for (const queue of queues)
      for (const claim of await sweeps.orphaned(await queue.claimed())) {
        const key = `${claim.held.id} ${claim.held.lock} ${claim.state} ${String(claim.lease)}`;
        const since = this.#seen.get(key) ?? now;
        // A failed one does not block the others.
        if (now - since < patienceMs || !(await this.#tryToFree(queue, claim))) seen.set(key, since);
      }
    this.#seen = seen;
  }

  async #tryToFree(queue: ProfileQueue, claim: OrphanedClaim): Promise<boolean> {
    try {
      await this.#free(queue, claim);
      return true;
    } catch (error) {
      this.parts.log.warn({ err: error, job: claim.held.id }, 'an orphaned claim could not be freed yet');
      return false;
    }
  }

  async #free(queue: ProfileQueue, { held }: OrphanedClaim): Promise<void> {
    const { leases, log, clock } = this.parts;
    const job = (await leases.read(held.id))?.job;
    if (!job) return;
    log.warn({ job: job.id, state: job.state, worker: job.worker }, 'a claimed job had no worker');
    if (isOver(job.state)) return queue.finish(held, job.failure);
    if (!isHeld(job.state)) return job.wakeAt === undefined ? queue.giveBack(held) : queue.park(held, job.wakeAt);
    const ending = job.cancelRequestedAt === undefined ? endingOfFailure(job, unseen, clock.now()) : cancelled();
    const { kind } = await leases.settle({ job: job.id, worker: job.worker ?? '', lease: job.lease }, ending);
    // Its cancel was requested after our check: the next check sees it.
    if (kind === 'cancelled') return;
    // A job that is over still has its place if it was claimed under another lock than the record's.
    await (ending.state === 'queued' ? queue.giveBack(held) : queue.finish(held, ending.failure));
  }
}

const unseen: Failure = lost('it is gone, and how it ended is unknown');
