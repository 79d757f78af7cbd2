import type { Redis } from 'ioredis';
import type { JobQuery, JobRecord } from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';
import { decodeCursor, encodeCursor, type ListCursor } from './cursor.js';
import { readJobHash, type JobHash } from './job-hash.js';

/** Jobs looked at in one go, and most of them for one page: a rare state does not hold up the store. */
const stride = 200;
const maxScanned = 5_000;

/** Finds a page of jobs, newest first. A page may be short, with a cursor, where few of many jobs fit the query. */
export async function listJobs(
  redis: Redis,
  keys: RedisKeys,
  query: JobQuery,
): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextCursor?: string }> {
  const index = query.label ? keys.jobsByLabel(query.label.key, query.label.value) : keys.jobs;
  return pageOf({ redis, keys, index, fits: (job) => fits(job, query) }, query);
}

/** An index of jobs by time, and which of them are wanted. */
export interface JobIndex {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly index: string;
  readonly fits: (job: JobRecord) => boolean;
}

/** Finds a page of an index's jobs, the latest first. */
export async function pageOf(
  { redis, keys, index, fits }: JobIndex,
  query: Pick<JobQuery, 'cursor' | 'limit'>,
): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextCursor?: string }> {
  const jobs: JobRecord[] = [];
  let from = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  for (let scanned = 0; scanned < maxScanned; scanned += stride) {
    const stretch = await idsBelow(redis, index, from);
    const records = await readJobs(
      redis,
      keys,
      stretch.map((place) => place.id),
    );
    for (const [i, place] of stretch.entries()) {
      from = place;
      const job = records[i];
      if (job && fits(job)) jobs.push(job);
      if (jobs.length === query.limit) return { jobs, nextCursor: encodeCursor(place) };
    }
    if (stretch.length < stride) return { jobs };
  }
  return from ? { jobs, nextCursor: encodeCursor(from) } : { jobs };
}

function fits(job: JobRecord, query: JobQuery): boolean {
  return (
    (query.state === undefined || job.state === query.state) &&
    (query.profile === undefined || job.spec.profile === query.profile)
  );
}

/** The next places of the index below a cursor. Equal times are told apart by id, as the index itself sorts them. */
async function idsBelow(redis: Redis, index: string, from: ListCursor | undefined): Promise<ListCursor[]> {
  const places: ListCursor[] = [];
  let offset = 0;
  while (places.length < stride) {
    const flat = await redis.zrevrangebyscore(index, from?.at ?? '+inf', '-inf', 'WITHSCORES', 'LIMIT', offset, stride);
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const place = { id: flat[i] ?? '', at: Number(flat[i + 1]) };
      if (!from || place.at < from.at || place.id < from.id) places.push(place);
    }
    if (flat.length < stride * 2) break;
    offset += stride;
  }
  return places.slice(0, stride);
}

/** The records of the ids, in their order; undefined for those that are no more. */
export async function readJobs(
  redis: Redis,
  keys: RedisKeys,
  ids: readonly string[],
): Promise<readonly (JobRecord | undefined)[]> {
  return Promise.all(ids.map((id) => readJob(redis, keys, id)));
}

/** One record, with the model's times beside it. */
export async function readJob(redis: Redis, keys: RedisKeys, id: string): Promise<JobRecord | undefined> {
  const [hash, [firstRequestAt, firstTokenAt]] = await Promise.all([
    redis.hgetall(keys.job(id)),
    redis.hmget(keys.model(id), 'firstRequestAt', 'firstTokenAt') as Promise<[string | null, string | null]>,
  ]);
  if (!hash['state']) return undefined;
  const times: JobHash = {
    ...(firstRequestAt ? { firstRequestAt } : {}),
    ...(firstTokenAt ? { firstTokenAt } : {}),
  };
  return readJobHash(id, { ...hash, ...times });
}
