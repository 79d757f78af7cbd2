import type { Redis } from 'ioredis';
import { engineKinds, type WorkerPhase, type WorkerRecord } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { defineScript } from '../script/define-script.js';
import { affixesOf, hashOf } from '../script/script.js';
import { nowMs } from '../script/redis-time.js';
import { isAbsent } from './own.js';

/**
 * All workers at one moment: each one's id, fields and values of its record, and its owner, if that is present. Schedulers read them
 * continuously, so separate requests would be most of the load of an idle Redis. The arguments are the parts before and
 * after an id in the key of a record, and in that of an owner.
 */
const workersScript = defineScript(
  {
    keys: ['workers', 'schedulers'],
    args: ['beforeWorker', 'behindWorker', 'beforeOwner', 'behindOwner'],
    include: [nowMs, isAbsent],
  },
  `
local now = nowMs()
local shown = {}
local found = {}
for i, id in ipairs(redis.call('SMEMBERS', workersKey)) do
  local record = redis.call('HGETALL', beforeWorker .. id .. behindWorker)
  local owner = redis.call('GET', beforeOwner .. id .. behindOwner) or ''
  if not shown[owner] then
    shown[owner] = owner
    if owner ~= '' and isAbsent(owner, now) then shown[owner] = '' end
  end
  found[i] = {id, record, shown[owner]}
end
return found
`,
);

/** The fields and values of some workers' records, in their order. */
const recordsScript = defineScript(
  { keys: [], each: { keys: ['worker'] } },
  ({ forEach }) => `
local found = {}
${forEach}
  found[nth] = redis.call('HGETALL', workerKey)
end
return found
`,
);

/** Maximum number of records that are read in one step, so that others' commands come in between. */
const atOnce = 500;

/** The records of these workers, without those that are gone; their owners are not read. */
export async function readSomeWorkers(
  redis: Redis,
  keys: RedisKeys,
  ids: readonly string[],
): Promise<readonly WorkerRecord[]> {
  const groups = Array.from({ length: Math.ceil(ids.length / atOnce) }, (_, i) =>
    ids.slice(i * atOnce, (i + 1) * atOnce),
  );
  const found = await Promise.all(
    groups.map(async (group) => {
      const each = group.map((id) => ({ keys: { worker: keys.worker(id) }, args: {} }));
      const records = (await recordsScript.run(redis, { keys: {}, args: {}, each })) as readonly (readonly string[])[];
      return group.map((id, i) => readWorkerHash(id, hashOf(records[i] ?? [])));
    }),
  );
  return found.flat().filter((worker) => worker !== undefined);
}

/** All workers, and the scheduler that owns each. */
export async function readWorkers(redis: Redis, keys: RedisKeys): Promise<readonly WorkerRecord[]> {
  const [beforeWorker, behindWorker] = affixesOf(keys.worker);
  const [beforeOwner, behindOwner] = affixesOf(keys.workerOwner);
  const args = { beforeWorker, behindWorker, beforeOwner, behindOwner };
  const found = (await workersScript.run(redis, {
    keys: { workers: keys.workers, schedulers: keys.schedulers },
    args,
  })) as readonly (readonly [id: string, record: readonly string[], owner: string])[];
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
  if (hash['session']) worker.session = hash['session'];
  if (hash['cordoned']) worker.cordoned = true;
  if (owner) worker.owner = owner;
  return worker;
}
