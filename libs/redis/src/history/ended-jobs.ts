import type { Redis } from 'ioredis';
import { defaultTenant, isOver, type ArchivedJob, type JobResult, type KnownEnd } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { readEventEntry } from '../events/event-entry.js';
import type { StreamEntry } from '../events/backlog.js';
import { withCounts } from '../jobs/job-list.js';
import type { RedisKeys } from '../keys.js';
import { readAttempt } from '../leases/attempt-entry.js';
import { affixesOf } from '../script/script.js';
import { archivedScript, unarchivedScript } from './archived.lua.js';

/** The end of a job, as announced; `entry` is absent if it was found without an announcement. */
export interface JobEnd {
  readonly id: string;
  readonly entry?: string;
}

/** A job that is over as Redis has it. */
export interface EndedJob extends ArchivedJob {
  /** Id of its last event: with it the job is told from itself after a redrive. */
  readonly seq: string;
}

/** The end of a job that is marked as archived. */
export type MarkedEnd = JobEnd & KnownEnd;

/** The archive's backlog. */
export interface ArchiveLag {
  readonly jobs: number;
  /** Age of the oldest announced end, in ms; 0 if there is none. */
  readonly ms: number;
}

/** Jobs looked at in one step of a search through all. */
const stride = 500;
/** Announced ends that were read of, and not yet archived, are read again: so they are read from the beginning. */
const start = '0-0';

/** The jobs that are over, for the archive: which have ended, and everything that there is of them. */
export class EndedJobs {
  readonly #reader: Redis;
  readonly #redis: Redis;
  #rank = 0;

  /** `reader` is used for nothing else: it blocks. Both wait while Redis is away. */
  constructor(
    reader: RedisConnection,
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.#reader = clientOf(reader);
    this.#redis = clientOf(connection);
  }

  /** From now on jobs that are over stay in Redis until they are archived. */
  async require(): Promise<void> {
    await this.#redis.set(this.keys.archive, '1');
  }

  /** The first announced ends, at most `most`; waits for one for `waitMs` if there is none. */
  async announced(most: number, waitMs: number): Promise<readonly JobEnd[]> {
    const read = await this.#reader.xread('COUNT', most, 'BLOCK', waitMs, 'STREAMS', this.keys.ends, start);
    const entries = (read as readonly [string, readonly StreamEntry[]][] | null)?.[0]?.[1] ?? [];
    return entries.map(([entry, fields]) => ({ entry, id: fields[1] ?? '' }));
  }

  /**
   * The next step of a search through all jobs for those that are over and not archived: announcements are bounded.
   * `done` when it has come to the end; the next call begins again.
   */
  async search(): Promise<{ readonly ends: readonly JobEnd[]; readonly done: boolean }> {
    const [beforeJob, behindJob] = affixesOf(this.keys.job);
    const args = { first: this.#rank, count: stride, beforeJob, behindJob };
    const found = await unarchivedScript.run(this.#redis, { keys: { jobs: this.keys.jobs }, args });
    const [next, ...ids] = found as [number, ...string[]];
    this.#rank = next;
    return { ends: ids.map((id) => ({ id })), done: next === 0 };
  }

  /**
   * The next step through the ends that are marked as archived, the latest first, from the rank `first` on; `next` is absent at the end.
   * Ends that come meanwhile have some seen twice.
   */
  async marked(first: number): Promise<{ readonly ends: readonly MarkedEnd[]; readonly next?: number }> {
    const { keys } = this;
    const redis = this.#redis;
    const ids = await redis.zrevrange(keys.over, first, first + stride - 1);
    const hashes = await Promise.all(ids.map((id) => redis.hmget(keys.job(id), 'tenant', 'overAt', 'archived')));
    const ends = ids.flatMap((id, i): readonly MarkedEnd[] => {
      const [tenant, overAt, archived] = hashes[i] ?? [];
      return overAt && archived ? [{ id, tenant: tenant ?? defaultTenant, overAt: Number(overAt) }] : [];
    });
    return { ends, ...(ids.length === stride ? { next: first + stride } : {}) };
  }

  /** Everything of a job; undefined if it is not over (any more), or not known. */
  async read(id: string): Promise<EndedJob | undefined> {
    const { keys } = this;
    const redis = this.#redis;
    const [hash, counts, prompt, result, attempts, events] = await Promise.all([
      redis.hgetall(keys.job(id)),
      redis.hgetall(keys.model(id)),
      redis.get(keys.prompt(id)),
      redis.get(keys.result(id)),
      redis.lrange(keys.attempts(id), 0, -1),
      redis.xrange(keys.events(id), '-', '+'),
    ]);
    if (!hash['state']) return undefined;
    const job = withCounts(id, hash, counts);
    if (!isOver(job.state)) return undefined;
    return {
      ...{ job, seq: hash['seq'] ?? '0', prompt: prompt ?? '' },
      ...(result === null ? {} : { result: JSON.parse(result) as JobResult }),
      attempts: attempts.map(readAttempt).filter((attempt) => attempt !== undefined),
      events: (events as StreamEntry[]).map(readEventEntry),
    };
  }

  /** Notes that jobs are archived, and that these ends have been seen to. */
  async archived(ends: readonly JobEnd[], jobs: readonly EndedJob[]): Promise<void> {
    const entries = ends.flatMap(({ entry }) => (entry === undefined ? [] : [entry]));
    await archivedScript.run(this.#redis, {
      keys: { ends: this.keys.ends },
      args: { entries: JSON.stringify(entries) },
      each: jobs.map(({ job, seq }) => ({ keys: { job: this.keys.job(job.id) }, args: { seq } })),
    });
  }
}

/** What is announced and not yet archived, at `now` by Redis' clock. */
export async function archiveLag(connection: RedisConnection, keys: RedisKeys, now: number): Promise<ArchiveLag> {
  const redis = clientOf(connection);
  const [jobs, first] = await Promise.all([redis.xlen(keys.ends), redis.xrange(keys.ends, '-', '+', 'COUNT', 1)]);
  const at = first[0] ? Number(first[0][0].split('-')[0]) : now;
  return { jobs, ms: Math.max(0, now - at) };
}
