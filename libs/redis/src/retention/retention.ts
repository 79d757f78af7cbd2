import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { checkJobsScript, forgetScript } from './forget.lua.js';
import { affixesOf } from '../script/script.js';
import type { RedisKeys } from '../keys.js';

/** How long records outlive what they record. */
export interface Retention {
  /** A job's record, events and result after its end, in ms. Default 7 days. */
  readonly jobMs: number;
  /** What jobs that are over may take of Redis together, in bytes: beyond that the oldest go before their time. Absent: no limit. */
  readonly jobBytes?: number;
  /** An idempotency key after its first use, in ms. Default 24 h. */
  readonly idempotencyMs: number;
}

const dayMs = 86_400_000;
const mebibyte = 1_048_576;

/** Seven days and 4 GiB for jobs, a day for idempotency keys. */
export const defaultRetention: Retention = {
  jobMs: 7 * dayMs,
  jobBytes: 4_096 * mebibyte,
  idempotencyMs: dayMs,
};

/** The retention that days (at most 365), and megabytes (MiB) or 0 for no limit, make. */
export function retentionOf(days: number, megabytes: number): Retention {
  const { idempotencyMs } = defaultRetention;
  return { jobMs: days * dayMs, ...(megabytes === 0 ? {} : { jobBytes: megabytes * mebibyte }), idempotencyMs };
}

/** So long after its end a job's keys end by themselves, in ms, where nobody forgets it: longer than any retention. */
export const keysEndMs = 400 * dayMs;

/** What a job's keys are called behind its record's; its record is forgotten first. */
const jobKeyEnds = [':prompt', ':events', ':result', ':model', ':attempts', ':secrets', ':reservations'];
/** Jobs forgotten in one step, most steps of one go, and places looked at in one go. */
const [stepJobs, mostSteps, stride] = [100, 20, 500];
/** Keys looked at in one go of the look for orphans. */
const keysPerLook = 1_000;

/** Forgets jobs that are over, when their time has come or there is no more room for them. */
export class Forgetting {
  /** Where the looks over all jobs, and over all keys, go on. */
  #rank = 0;
  #cursor = '0';
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly retention: Retention,
  ) {
    this.redis = clientOf(connection);
  }

  /** Forgets what is to be forgotten at `now` (epoch ms), and looks at some more of what there is. */
  async sweep(now: number): Promise<void> {
    const { keys, redis } = this;
    await this.#forget(now - this.retention.jobMs);
    const [beforeJob, behindJob] = affixesOf(keys.job);
    const args = { first: this.#rank, count: stride, beforeJob, behindJob };
    this.#rank = Number(await checkJobsScript.run(redis, { keys: { jobs: keys.jobs, over: keys.over }, args }));
    await this.#forgetOrphans();
  }

  async #forget(before: number): Promise<void> {
    const { keys, redis, retention } = this;
    const { over, retained, jobs, deadLetters, ttl, unplaced, cancels } = keys;
    const [beforeJob, behindJob] = affixesOf(keys.job);
    const [beforeQueue, behindQueue] = affixesOf((profile) => keys.placed(profile, ''));
    const call = {
      keys: { over, retained, jobs, deadLetters, ttl, unplaced, cancels },
      args: {
        ...{ before, mostBytes: retention.jobBytes ?? '', mostJobs: stepJobs, beforeLabel: keys.labelled('') },
        ...{ beforeJob, behindJob, beforeQueue, behindQueue },
      },
      rest: jobKeyEnds,
    };
    for (let step = 0; step < mostSteps; step++) if (Number(await forgetScript.run(redis, call)) < stepJobs) return;
  }

  /** Removes keys of jobs of which there is no record: a late count of the bridge's makes one, for instance. */
  async #forgetOrphans(): Promise<void> {
    const { keys, redis } = this;
    const start = keys.job('');
    const [next, found] = await redis.scan(this.#cursor, 'MATCH', `${start}*:*`, 'COUNT', keysPerLook);
    this.#cursor = next;
    const owners = found.map((key) => key.slice(0, key.indexOf(':', start.length)));
    const known = await Promise.all(owners.map((owner) => redis.exists(owner)));
    const orphans = found.filter((_, i) => known[i] === 0);
    if (orphans.length > 0) await redis.unlink(...orphans);
  }
}
