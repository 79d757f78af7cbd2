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
  /**
   * The same of jobs that are archived, and not dead letters: how long they stay in Redis, in ms, and how much of it all
   * jobs that are over may take, in bytes. Default one hour and 64 MiB.
   */
  readonly recentMs: number;
  readonly recentBytes: number;
  /** An idempotency key after its first use, in ms. Default 24 h. */
  readonly idempotencyMs: number;
}

const [dayMs, hourMs] = [86_400_000, 3_600_000];
const mebibyte = 1_048_576;

/** Seven days and 4 GiB for jobs, an hour and 64 MiB once they are archived, a day for idempotency keys. */
export const defaultRetention: Retention = {
  jobMs: 7 * dayMs,
  jobBytes: 4_096 * mebibyte,
  recentMs: hourMs,
  recentBytes: 64 * mebibyte,
  idempotencyMs: dayMs,
};

/** How long jobs are kept that are over, and how long they stay in Redis once they are archived. */
export interface RetentionChoice {
  /** At most 365. */
  readonly days: number;
  /** MiB; 0 for no limit. */
  readonly megabytes: number;
  /** Default 60. */
  readonly recentMinutes?: number;
  /** MiB. Default 64. */
  readonly recentMegabytes?: number;
}

/** The retention of an operator's choice. */
export function retentionOf({ days, megabytes, recentMinutes, recentMegabytes }: RetentionChoice): Retention {
  const { idempotencyMs, recentMs, recentBytes } = defaultRetention;
  return {
    jobMs: days * dayMs,
    ...(megabytes === 0 ? {} : { jobBytes: megabytes * mebibyte }),
    recentMs: recentMinutes === undefined ? recentMs : recentMinutes * 60_000,
    recentBytes: recentMegabytes === undefined ? recentBytes : recentMegabytes * mebibyte,
    idempotencyMs,
  };
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

  /** Deletes the jobs that are due at `now` (epoch ms): with an archive, those that it has, and dead letters later. */
  async forget(now: number): Promise<void> {
    const { over, deadLetters, archive, ends } = this.keys;
    const { jobMs, jobBytes, recentMs, recentBytes } = this.retention;
    const isArchived = (await this.redis.exists(archive)) === 1;
    const whole = { before: now - jobMs, mostBytes: jobBytes ?? ('' as const) };
    if (!isArchived) {
      // nobody takes them; an archive that comes later finds the jobs without
      await this.redis.unlink(ends);
      return this.#forget({ index: over, isArchived: '0', ...whole });
    }
    const recent = {
      before: now - Math.min(recentMs, jobMs),
      mostBytes: Math.min(recentBytes, jobBytes ?? recentBytes),
    };
    await this.#forget({ index: over, isArchived: '1', ...recent });
    await this.#forget({ index: deadLetters, isArchived: '1', ...whole });
  }

  async #forget({ index, ...which }: Which): Promise<void> {
    const { keys, redis } = this;
    const { over, retained, jobs, deadLetters, ttl, unplaced, cancels } = keys;
    const [beforeJob, behindJob] = affixesOf(keys.job);
    const [beforeQueue, behindQueue] = affixesOf((profile) => keys.placed(profile, ''));
    const call = {
      keys: { index, over, retained, jobs, deadLetters, ttl, unplaced, cancels },
      args: {
        ...{ ...which, mostJobs: stepJobs, beforeLabel: keys.labelled('') },
        ...{ beforeJob, behindJob, beforeQueue, behindQueue },
      },
      rest: jobKeyEnds,
    };
    for (let step = 0; step < mostSteps; step++) if (Number(await forgetScript.run(redis, call)) < stepJobs) return;
  }
}

/** Jobs of an index that may go: those that ended by `before`, and more while all take more than `mostBytes`. */
interface Which {
  readonly index: string;
  readonly isArchived: '0' | '1';
  readonly before: number;
  readonly mostBytes: number | '';
}
