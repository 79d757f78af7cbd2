import { isOver, type JobState, type Snapshot } from '@remuda/domain';
import { readSnapshot, type RedisKeys } from '@remuda/protocol';
import type { Redis } from 'ioredis';
import { translateRedisError } from './connect.js';
import { run, script } from './script.js';

/**
 * Notes a snapshot in its job's record, unless the lease is not the one of now. KEYS: job. ARGV: worker, lease, snapshot.
 * Gives 1, or 0 where it was fenced.
 */
export const noteSnapshotScript = script(`
local at = redis.call('HMGET', KEYS[1], 'lease', 'state', 'worker')
if at[1] ~= ARGV[2] or at[3] ~= ARGV[1] then return 0 end
if at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting' then return 0 end
redis.call('HSET', KEYS[1], 'snapshot', ARGV[3])
return 1
`);

/** What jobs' records say of their snapshots. Every call rejects with `redis.unavailable` in an outage. */
export class RedisSnapshots {
  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
  ) {}

  /** Notes a snapshot that is kept; false when its lease is no longer the job's of now. */
  async note(job: string, worker: string, snapshot: Snapshot): Promise<boolean> {
    const args = [worker, snapshot.lease, JSON.stringify(snapshot)];
    return (await translated(run(this.redis, noteSnapshotScript, [this.keys.job(job)], args))) === 1;
  }

  /** The job's snapshot; undefined where there is none. */
  async find(job: string): Promise<Snapshot | undefined> {
    const text = await translated(this.redis.hget(this.keys.job(job), 'snapshot'));
    return text === null ? undefined : readSnapshot(text);
  }

  /** Those of the jobs that may still have use for a snapshot: they are known, and not over. */
  async stillOpen(jobs: readonly string[]): Promise<ReadonlySet<string>> {
    const states = await translated(Promise.all(jobs.map((job) => this.redis.hget(this.keys.job(job), 'state'))));
    return new Set(jobs.filter((_, i) => states[i] && !isOver(states[i] as JobState)));
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
