import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { forgetScript } from './forget.lua.js';
import { affixesOf } from '../script/script.js';
import type { RedisKeys } from '../keys.js';

/** How long data is kept. */
export interface Retention {
  /** A job's record, events and result after its end, in ms. Default 7 days. */
  readonly jobMs: number;
  /** Redis memory for all jobs that are over, in bytes: beyond it the oldest are deleted early. Absent: no limit. */
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

/** TTL of a job's keys after its end, in ms, if nobody deletes them: longer than any retention. */
export const keysEndMs = 400 * dayMs;

/** Suffixes of a job's keys after its record's; its record is deleted first. */
const jobKeyEnds = [':prompt', ':events', ':result', ':model', ':attempts', ':secrets', ':reservations'];
/** Maximum number of jobs deleted per step, and of steps per run. */
const [stepJobs, mostSteps] = [100, 20];

/**
 * Deletes jobs that are over, when they have expired or memory is used up. It frees memory, so it works while Redis is
 * full.
 */
export class Forgetting {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly retention: Retention,
  ) {
    this.redis = clientOf(connection);
  }

  /** Deletes the jobs that are due at `now` (epoch ms). */
  async forget(now: number): Promise<void> {
    const before = now - this.retention.jobMs;
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
}
