import type { Redis } from 'ioredis';
import { estimateStartMs, turnsBefore, type FairTurns, type JobOutlook, type JobRecord } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';

/** So many of the latest jobs that are over are looked at for how long jobs take. */
const samples = 100;
/** So many tenants in front are looked at. */
const mostLines = 500;

/** What is known of the start of a job at this position among its tenant's jobs. */
export async function readOutlook(
  redis: Redis,
  keys: RedisKeys,
  { tenant, spec: { profile } }: Pick<JobRecord, 'tenant' | 'spec'>,
  { position, now }: { readonly position: number; readonly now: number },
): Promise<JobOutlook> {
  const fair = keys.fair(profile);
  const [known, turns, active, waiting, published, tookMs] = await Promise.all([
    redis.hget(keys.tenantLines, tenant),
    readTurns(redis, fair),
    redis.llen(keys.placed(profile, 'active')),
    redis.zcard(keys.placed(profile, 'prioritized')),
    redis.hget(keys.profiles, profile),
    readDurations(redis, keys, profile),
  ]);
  const line = known ?? '0';
  if ((await redis.sismember(`${fair}:parked`, line)) === 1) return { position, limited: true };
  const { max = 0 } = JSON.parse(published ?? '{}') as { readonly max?: number };
  const others = Math.min(turnsBefore(turns, line, position), Math.max(0, waiting - position));
  const startMs = estimateStartMs({ ahead: position - 1 + others, workers: max, busy: active, tookMs });
  return { position, ...(startMs === undefined ? {} : { startsAt: now + startMs }) };
}

async function readTurns(redis: Redis, fair: string): Promise<FairTurns> {
  const [scores, prices] = await Promise.all([
    redis.zrange(fair, '0', String(mostLines - 1), 'WITHSCORES'),
    redis.hgetall(`${fair}:prices`),
  ]);
  const waiting = new Map<string, number>();
  for (let i = 0; i + 1 < scores.length; i += 2) waiting.set(scores[i] ?? '', Number(scores[i + 1]));
  const { round = '0', ...rest } = prices;
  const byLine = new Map(Object.entries(rest).map(([line, price]) => [line, Number(price)]));
  return { round: Number(round), waiting, left: new Map(), prices: byLine };
}

/** How long the latest attempts of a profile's jobs took that are over. */
async function readDurations(redis: Redis, keys: RedisKeys, profile: string): Promise<readonly number[]> {
  const ids = await redis.zrevrange(keys.over, 0, samples - 1);
  const jobs = await Promise.all(ids.map((id) => redis.hmget(keys.job(id), 'profile', 'claimedAt', 'overAt')));
  return jobs.flatMap(([of, claimedAt, overAt]) =>
    of === profile && claimedAt && overAt ? [Number(overAt) - Number(claimedAt)] : [],
  );
}
