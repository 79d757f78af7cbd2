import { isOver, type JobState, type Snapshot } from '@remuda/domain';
import { readSnapshot } from '@remuda/protocol';
import type { RedisKeys } from '../keys.js';
import type { Redis } from 'ioredis';
import { translateRedisError } from '../connection/redis-error.js';
import { run, script } from '../script/script.js';

/**
 * Notes a snapshot in its job's record, unless the lease is not the one of now. KEYS: job. ARGV: worker, lease, snapshot.
 * Gives the one that it replaced, '' where there was none, or 0 where it was fenced.
 */
export const noteSnapshotScript = script(`
local at = redis.call('HMGET', KEYS[1], 'lease', 'state', 'worker')
if at[1] ~= ARGV[2] or at[3] ~= ARGV[1] then return 0 end
if at[2] ~= 'assigned' and at[2] ~= 'running' and at[2] ~= 'waiting' then return 0 end
local before = redis.call('HGET', KEYS[1], 'snapshot')
redis.call('HSET', KEYS[1], 'snapshot', ARGV[3])
return before or ''
`);

/** What jobs' records say of their snapshots. Every call rejects with `redis.unavailable` in an outage. */
export class RedisSnapshots {
  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
  ) {}

  /** Notes a snapshot that is kept, and gives the one that it replaced; `ended` when its lease is no longer the job's of now. */
  async note(job: string, worker: string, snapshot: Snapshot): Promise<{ replaced?: Snapshot } | 'ended'> {
    const args = [worker, snapshot.lease, JSON.stringify(snapshot)];
    const answer = await translated(run(this.redis, noteSnapshotScript, [this.keys.job(job)], args));
    if (typeof answer !== 'string') return 'ended';
    const replaced = readSnapshot(answer);
    return replaced ? { replaced } : {};
  }

  /** The job's snapshot; undefined where there is none. */
  async find(job: string): Promise<Snapshot | undefined> {
    const text = await translated(this.redis.hget(this.keys.job(job), 'snapshot'));
    return text === null ? undefined : readSnapshot(text);
  }

  /** The jobs that may still have use for a snapshot, since they are known and not over, each with the one that is noted. */
  async stillOpen(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot | undefined>> {
    const look = (job: string) => this.redis.hmget(this.keys.job(job), 'state', 'snapshot');
    const found = await translated(Promise.all(jobs.map(look)));
    const open = jobs.map((job, i) => [job, found[i]?.[0], readSnapshot(found[i]?.[1] ?? '')] as const);
    return new Map(open.flatMap(([job, state, noted]) => (state && !isOver(state as JobState) ? [[job, noted]] : [])));
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
