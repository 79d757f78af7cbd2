import type { Redis } from 'ioredis';
import { engineKinds, type WorkerPhase, type WorkerRecord } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';
import { affixesOf, hashOf } from '../script/script.js';

/**
 * All workers at one moment: each one's id, fields and values of its record, and its owner. Schedulers read them
 * continuously, so separate requests would be most of the load of an idle Redis. The arguments are the parts before and
 * after an id in the key of a record, and in that of an owner.
 */
const workersScript = defineScript(
  { keys: ['workers'], args: ['beforeWorker', 'behindWorker', 'beforeOwner', 'behindOwner'] },
  `
local found = {}
for i, id in ipairs(redis.call('SMEMBERS', workersKey)) do
  local record = redis.call('HGETALL', beforeWorker .. id .. behindWorker)
  found[i] = {id, record, redis.call('GET', beforeOwner .. id .. behindOwner) or ''}
end
return found
`,
);

/** All workers, and the scheduler that owns each. */
export async function readWorkers(redis: Redis, keys: RedisKeys): Promise<readonly WorkerRecord[]> {
  const [beforeWorker, behindWorker] = affixesOf(keys.worker);
  const [beforeOwner, behindOwner] = affixesOf(keys.workerOwner);
  const args = { beforeWorker, behindWorker, beforeOwner, behindOwner };
  const found = (await workersScript.run(redis, { keys: { workers: keys.workers }, args })) as readonly (readonly [
    id: string,
    record: readonly string[],
    owner: string,
  ])[];
  return found
    .map(([id, record, owner]) => readWorkerHash(id, hashOf(record), owner))
    .filter((worker) => worker !== undefined);
}

/** Reads a worker's hash `worker(id)`; undefined if there is none. */
export function readWorkerHash(
  id: string,
  hash: Readonly<Record<string, string>>,
  owner?: string,
): WorkerRecord | undefined {
  const phase = hash['phase'] as WorkerPhase | undefined;
  if (!phase) return undefined;
  const worker: { -readonly [K in keyof WorkerRecord]: WorkerRecord[K] } = {
    id,
    phase,
    profile: hash['profile'] ?? '',
    startedAt: Number(hash['startedAt'] ?? 0),
    jobsDone: Number(hash['jobsDone'] ?? 0),
    fingerprint: hash['fingerprint'] ?? '',
  };
  for (const field of ['readyAt', 'idleSince', 'heartbeatAt', 'rssMb', 'drainBy'] as const)
    if (hash[field]) worker[field] = Number(hash[field]);
  if (hash['claudeVersion']) worker.claudeVersion = hash['claudeVersion'];
  if (hash['release']) worker.release = hash['release'];
  if (hash['engine']) worker.engine = hash['engine'];
  const kind = engineKinds.find((one) => one === hash['engineKind']);
  if (kind) worker.engineKind = kind;
  if (hash['bridge']) worker.bridge = hash['bridge'];
  if (hash['job']) worker.job = hash['job'];
  if (hash['job'] && hash['lease']) worker.lease = Number(hash['lease']);
  if (hash['cordoned']) worker.cordoned = true;
  if (owner) worker.owner = owner;
  return worker;
}
