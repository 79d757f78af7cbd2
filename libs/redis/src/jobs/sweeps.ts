import type { Redis } from 'ioredis';
import { isHeld, type JobState } from '@remuda/domain';
import { clientOf } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { readAnyJob } from './job-list.js';
import { announce, placeAgain, placeJobs } from '../queue/placing.js';
import { relistLines } from '../tenants/relist.lua.js';
import type { HeldJob } from '../queue/profile-queue.js';
import type { Queues } from '../queue/queues.js';

/** A record without a place in its queue after this time was left by an api that died in between. */
const placingMs = 5_000;
const most = 500;

/** A claimed job that no worker carries out. */
export interface OrphanedClaim {
  readonly held: HeldJob;
  readonly state: JobState;
  readonly lease: number;
}

/** Finds everything that is due by time. */
export class Sweeps {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(private readonly queues: Queues) {
    this.#redis = clientOf(queues.connection);
    this.#keys = queues.keys;
  }

  /** Places jobs that were written but not placed in their queues; returns their number. */
  async placeForgotten(now: number): Promise<number> {
    const ids = await this.#redis.zrangebyscore(this.#keys.unplaced, '-inf', now - placingMs, 'LIMIT', 0, most);
    const jobs = await Promise.all(ids.map((id) => readAnyJob(this.#redis, this.#keys, id)));
    const queued = jobs.filter((job) => job !== undefined).filter((job) => job.state === 'queued');
    const fresh = queued.filter((job) => job.times.redrivenAt === undefined);
    if (fresh.length > 0) {
      await placeJobs(this.queues, fresh, now);
      await announce(this.queues, fresh);
    }
    for (const job of queued) if (!fresh.includes(job)) await placeAgain(this.queues, job, now);
    const rest = ids.filter((id) => !queued.some((job) => job.id === id));
    if (rest.length > 0) await this.#redis.zrem(this.#keys.unplaced, ...rest);
    return queued.length;
  }

  /**
   * Claimed jobs that no worker carries out at this moment, with their state and lease: the job's record and its
   * worker's do not refer to each other. That may be temporary; if it persists, it is a fault.
   */
  async orphaned(claims: readonly HeldJob[]): Promise<readonly OrphanedClaim[]> {
    const found = await Promise.all(
      claims.map(async (held) => {
        const [state, lease, worker] = await this.#redis.hmget(this.#keys.job(held.id), 'state', 'lease', 'worker');
        if (!state) return undefined;
        const named = worker ? await this.#redis.hmget(this.#keys.worker(worker), 'job', 'lease') : [];
        const carried = isHeld(state as JobState) && named[0] === held.id && named[1] === lease;
        return carried ? undefined : { held, state: state as JobState, lease: Number(lease ?? 0) };
      }),
    );
    return found.filter((claim) => claim !== undefined);
  }

  /** Lets all tenants with jobs in a profile's queue take turns, also those that a limit has kept from it. */
  async relist(profile: string): Promise<void> {
    await relistLines(this.#redis, this.#keys, profile);
  }

  /** Jobs that should have started by now. */
  async expired(now: number): Promise<readonly string[]> {
    return this.#redis.zrangebyscore(this.#keys.ttl, '-inf', now, 'LIMIT', 0, most);
  }
}
