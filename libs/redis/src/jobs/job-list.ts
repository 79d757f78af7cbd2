import type { Redis } from 'ioredis';
import { defaultTenant, type JobPage, type JobQuery, type JobRecord, type JobRef } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { decodeCursor, encodeCursor, type ListCursor } from './cursor.js';
import { readJobHash, type JobHash } from './job-hash.js';
import { listScript } from './list.lua.js';
import { affixesOf, hashOf } from '../script/script.js';
import { spentOf } from '../leases/spent.js';

/** Places looked at in one step, which holds Redis up for about a millisecond, and most of them for one page. */
const stride = 1_000;
const maxScanned = 5_000;

/** Finds a page of jobs, newest first. A page may be short, with a cursor, where few of many jobs fit the query. */
export async function listJobs(redis: Redis, keys: RedisKeys, query: JobQuery): Promise<JobPage> {
  const index = query.label ? keys.jobsByLabel(query.label.key, query.label.value) : keys.jobs;
  return pageOf({ redis, keys, index }, query);
}

/** An index of jobs by time, and which of those that the query finds are wanted; without: all of them. */
export interface JobIndex {
  readonly redis: Redis;
  readonly keys: RedisKeys;
  readonly index: string;
  readonly fits?: (job: JobRecord) => boolean;
}

/** Finds a page of an index's jobs, the latest first. */
export async function pageOf(
  at: JobIndex,
  query: Pick<JobQuery, 'cursor' | 'limit' | 'state' | 'profile' | 'tenant'>,
): Promise<JobPage> {
  const { limit } = query;
  const jobs: JobRecord[] = [];
  let from = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  for (let scanned = 0; scanned < maxScanned; scanned += stride) {
    const stretch = await look(at, { ...query, limit: limit - jobs.length }, from);
    jobs.push(...stretch.jobs.filter(at.fits ?? (() => true)));
    from = stretch.last ?? from;
    if (from && jobs.length === limit) return { jobs, nextCursor: encodeCursor(withheld(from, jobs)) };
    if (stretch.end) return { jobs };
  }
  return from ? { jobs, nextCursor: encodeCursor(withheld(from, jobs)) } : { jobs };
}

/**
 * A cursor that names no job which the page does not have: it may be another tenant's. A part of its id, of which the
 * first 13 hex digits are random, leads to the same place in the index.
 */
function withheld({ at, id }: ListCursor, jobs: readonly JobRecord[]): ListCursor {
  return jobs.some((job) => job.id === id) ? { at, id } : { at, id: id.slice(0, 17) };
}

interface Stretch {
  readonly jobs: readonly JobRecord[];
  /** The last place that was looked at; undefined where there was none. */
  readonly last: ListCursor | undefined;
  readonly end: boolean;
}

type Listed = readonly [id: string, at: string, record: readonly string[], counts: readonly string[]];

async function look(
  { redis, keys, index }: JobIndex,
  { limit, state, profile, tenant }: Pick<JobQuery, 'limit' | 'state' | 'profile' | 'tenant'>,
  from: ListCursor | undefined,
): Promise<Stretch> {
  const [beforeJob, behindJob] = affixesOf(keys.job);
  const [beforeModel, behindModel] = affixesOf(keys.model);
  const args = {
    ...{ afterAt: from?.at ?? '', afterId: from?.id ?? '', mostPlaces: stride, mostJobs: limit },
    ...{
      state: state ?? '',
      profile: profile ?? '',
      tenant: tenant ?? '',
      defaultTenant,
      beforeJob,
      behindJob,
      beforeModel,
      behindModel,
    },
  };
  const found = (await listScript.run(redis, { keys: { index }, args })) as [string, string, number, ...Listed[]];
  const [id, at, end, ...listed] = found;
  return { jobs: listed.map(readListed), last: id === '' ? undefined : { id, at: Number(at) }, end: end === 1 };
}

function readListed([id, , record, counts]: Listed): JobRecord {
  return withCounts(id, hashOf(record), hashOf(counts));
}

/** Whether the job is the tenant's. One that is not known is the default one's, as are those of earlier releases. */
export async function isTenants(redis: Redis, keys: RedisKeys, { tenant, id }: JobRef): Promise<boolean> {
  return ((await redis.hget(keys.job(id), 'tenant')) ?? defaultTenant) === tenant;
}

/**
 * One record, with the model's times and what the bridge counted beside it: that is more than the record has while an answer that was cut
 * is counted.
 */
export async function readJob(redis: Redis, keys: RedisKeys, { tenant, id }: JobRef): Promise<JobRecord | undefined> {
  const job = await readAnyJob(redis, keys, id);
  return job?.tenant === tenant ? job : undefined;
}

/** One record, whosever it is. */
export async function readAnyJob(redis: Redis, keys: RedisKeys, id: string): Promise<JobRecord | undefined> {
  const [hash, counts] = await Promise.all([redis.hgetall(keys.job(id)), redis.hgetall(keys.model(id))]);
  return hash['state'] ? withCounts(id, hash, counts) : undefined;
}

/** A record with the bridge's counts. */
export function withCounts(id: string, hash: JobHash, counts: JobHash): JobRecord {
  const { firstRequestAt, firstTokenAt } = counts;
  const times = { ...(firstRequestAt ? { firstRequestAt } : {}), ...(firstTokenAt ? { firstTokenAt } : {}) };
  return { ...readJobHash(id, { ...hash, ...times }), ...spentOf(counts) };
}
