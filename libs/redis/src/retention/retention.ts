import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { forgetScript } from './forget.lua.js';
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
/** Jobs forgotten in one step, and most steps of one go. */
const [stepJobs, mostSteps] = [100, 20];

/** Forgets jobs that are over, when their time has come or there is no more room for them. It makes room: it works while Redis is full. */
export class Forgetting {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly retention: Retention,
  ) {
    this.redis = clientOf(connection);
  }

  /** Forgets what is to be forgotten at `now` (epoch ms). */
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
