import type { Redis } from 'ioredis';
import type { WorkerPhase, WorkerRecord } from '@remuda/domain';
import type { RedisKeys } from '@remuda/protocol';

/** All workers there are, and which scheduler each belongs to. */
export async function readWorkers(redis: Redis, keys: RedisKeys): Promise<readonly WorkerRecord[]> {
  const ids = await redis.smembers(keys.workers);
  const found = await Promise.all(
    ids.map(async (id) => {
      const [hash, owner] = await Promise.all([redis.hgetall(keys.worker(id)), redis.get(keys.workerOwner(id))]);
      return readWorkerHash(id, hash, owner);
    }),
  );
  return found.filter((worker) => worker !== undefined);
}

/** Reads a worker's hash `worker(id)`; undefined where there is none. */
export function readWorkerHash(
  id: string,
  hash: Readonly<Record<string, string>>,
  owner?: string | null,
): WorkerRecord | undefined {
  const phase = hash['phase'] as WorkerPhase | undefined;
  if (!phase) return undefined;
  const optional = <K extends string>(field: K): { readonly [P in K]?: number } =>
    (hash[field] ? { [field]: Number(hash[field]) } : {}) as { readonly [P in K]?: number };
  return {
    id,
    phase,
    profile: hash['profile'] ?? '',
    startedAt: Number(hash['startedAt'] ?? 0),
    jobsDone: Number(hash['jobsDone'] ?? 0),
    fingerprint: hash['fingerprint'] ?? '',
    ...optional('readyAt'),
    ...optional('idleSince'),
    ...optional('heartbeatAt'),
    ...optional('rssMb'),
    ...(hash['job'] ? { job: hash['job'], ...optional('lease') } : {}),
    ...(hash['cordoned'] ? { cordoned: true } : {}),
    ...optional('drainBy'),
    ...(owner ? { owner } : {}),
  };
}
