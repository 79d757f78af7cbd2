import type { Redis } from 'ioredis';
import {
  workerPhases,
  type PoolStore,
  type PoolRecord,
  type PoolStarts,
  type PoolTarget,
  type WorkerPhase,
  type WorkerRecord,
} from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { translateRedisError } from '../connection/redis-error.js';
import { readHalts, type HaltsOf } from './halts.js';
import { Queues } from '../queue/queues.js';
import { defineScript } from '../script/define-script.js';
import { readWorkers } from '../workers/worker-hash.js';

/** Replaces the published profiles: names, each followed by its data. Removed names are recorded as past ones. */
const publishScript = defineScript(
  { keys: ['profiles', 'pastProfiles'], rest: 'fields', whenFull: true },
  `
local now = {}
for i = 1, #fields, 2 do now[fields[i]] = true end
for _, name in ipairs(redis.call('HKEYS', profilesKey)) do
  if not now[name] then redis.call('SADD', pastProfilesKey, name) end
end
redis.call('DEL', profilesKey)
if #fields > 0 then redis.call('HSET', profilesKey, unpack(fields)) end
for i = 1, #fields, 2 do redis.call('SREM', pastProfilesKey, fields[i]) end
return 1
`,
);

/** Publishes the current profiles, for the api and the dashboards; removed ones are recorded as such. */
export async function publishProfiles(
  connection: RedisConnection,
  keys: RedisKeys,
  profiles: Readonly<Record<string, PoolTarget>>,
): Promise<void> {
  const fields = Object.entries(profiles).flatMap(([name, published]) => [name, JSON.stringify(published)]);
  const { profiles: known, pastProfiles } = keys;
  await publishScript.run(clientOf(connection), { keys: { profiles: known, pastProfiles }, args: {}, rest: fields });
}

/** Published start data of a pool is outdated after this time, in ms: its scheduler publishes it again. */
const startsMs = 10_000;

/** What a pool's scheduler publishes about it. */
export type KeptPool = PoolStarts & Pick<PoolRecord, 'demand' | 'spare'>;

/** Publishes how a pool's workers start, how many are kept warm if that follows demand, and which spare they keep. */
export async function publishStarts(
  connection: RedisConnection,
  keys: RedisKeys,
  profile: string,
  kept: KeptPool,
): Promise<void> {
  await clientOf(connection).set(keys.poolStarts(profile), JSON.stringify(kept), 'PX', startsMs);
}

/** What is published about a profile. */
type Published = PoolTarget & { readonly profile: string };

/** Workers and pools, as stored in Redis. */
export class RedisPoolStore implements PoolStore {
  readonly #queues: Queues;
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
    this.#queues = new Queues(connection, keys);
  }

  async workers(): Promise<readonly WorkerRecord[]> {
    return readWorkers(this.redis, this.keys).catch(rethrow);
  }

  async profiles(): Promise<readonly string[]> {
    return this.redis.hkeys(this.keys.profiles).catch(rethrow);
  }

  async pools(): Promise<readonly PoolRecord[]> {
    try {
      const [profiles, past, halts, workers] = await Promise.all([
        this.redis.hgetall(this.keys.profiles),
        this.redis.smembers(this.keys.pastProfiles),
        this.redis.hgetall(this.keys.halts),
        readWorkers(this.redis, this.keys),
      ]);
      const haltsOf = readHalts(halts);
      const look = (at: Published): Promise<PoolRecord> => this.#pool(at, haltsOf, workers);
      const published = Object.entries(profiles).map(([profile, text]) => ({
        profile,
        ...(JSON.parse(text) as PoolTarget),
      }));
      const removed = past.toSorted().filter((profile) => profiles[profile] === undefined);
      const [pools, left] = await Promise.all([
        Promise.all(published.map(look)),
        Promise.all(removed.map((profile) => look({ profile, warm: 0, max: 0 }))),
      ]);
      return [...pools, ...left.filter(isLeft).map((pool) => ({ ...pool, removed: true as const }))];
    } catch (error) {
      throw translateRedisError(error);
    }
  }

  async close(): Promise<void> {
    await this.#queues.close();
  }

  async #pool(
    { profile, warm, max }: Published,
    haltsOf: HaltsOf,
    workers: readonly WorkerRecord[],
  ): Promise<PoolRecord> {
    const halts = haltsOf(profile);
    const theirs = workers.filter((worker) => worker.profile === profile);
    const [counts, kept] = await Promise.all([
      this.#queues.jobs(profile).getJobCounts('wait', 'prioritized', 'delayed', 'active'),
      this.redis.get(this.keys.poolStarts(profile)),
    ]);
    const { demand, spare, ...starts }: Partial<KeptPool> = kept === null ? {} : (JSON.parse(kept) as KeptPool);
    const inPhase = (phase: WorkerPhase): number => theirs.filter((worker) => worker.phase === phase).length;
    return {
      profile,
      warm: demand?.warm ?? warm,
      max,
      workers: Object.fromEntries(workerPhases.map((phase) => [phase, inPhase(phase)])) as Record<WorkerPhase, number>,
      waiting: (counts['wait'] ?? 0) + (counts['prioritized'] ?? 0),
      delayed: counts['delayed'] ?? 0,
      running: counts['active'] ?? 0,
      suspended: halts.some((halt) => halt.kind === 'suspended'),
      halts,
      ...(kept === null ? {} : { starts: starts as PoolStarts }),
      ...(demand ? { demand } : {}),
      ...(spare ? { spare } : {}),
    };
  }
}

/** Whether anything is left of a removed profile. */
function isLeft({ waiting, delayed, running, workers }: PoolRecord): boolean {
  return waiting + delayed + running > 0 || Object.values(workers).some((count) => count > 0);
}

function rethrow(error: unknown): never {
  throw translateRedisError(error);
}
