import { noUsage, type JobRecord } from '@remuda/domain';
import { RedisLeases, Queues, RedisJobStore, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { withoutLeases } from './without.js';

const jobs = 2_000;
const namespace = 'pass';
const worker = 'w-1';
const scheduler = 's-1';

/**
 * Assigns and settles jobs, one after the other, and gives what the two scripts took Redis for each, in µs. Nobody has claimed
 * these jobs, so that their places in BullMQ's queue stay where they are.
 */
export async function passOfJobs(url: string, watch: RawConnection, leases: 'kept' | 'without'): Promise<number> {
  const redis = connectRaw(url, { name: 'pass' });
  try {
    const keys = redisKeys(namespace);
    const store = new RedisJobStore(redis, keys, systemClock);
    const spec: JobRecord['spec'] & { readonly prompt: string } = {
      ...{ prompt: 'x'.repeat(200), profile: 'default', workspace: { kind: 'empty' }, priority: 5 },
      ...{ timeoutMs: 60_000, attempts: 3, deltas: false, labels: {}, metadata: {} },
    };
    const ids = Array.from({ length: jobs }, (_, i) => `j-${leases}-${i}`);
    for (const id of ids) await store.submit([{ id, spec }]);
    if (leases === 'without') await replaceScripts(redis);
    const keeper = new RedisLeases(new Queues(redis, keys), systemClock);
    await redis.set(keys.workerOwner(worker), scheduler);
    const before = await scriptTime(watch);
    for (const id of ids) {
      await redis.hset(keys.worker(worker), 'phase', 'idle');
      const found = await keeper.read(id);
      if (!found) throw new Error(`${id} is not there`);
      const held = { id, lock: `lock-${id}`, placedAt: 0 };
      const claim = {
        ...found,
        held,
        scheduler,
        start: { kind: 'warm' },
        models: ['claude-sonnet-4-5', 'haiku'],
      } as const;
      const given = await keeper.assign(claim, worker);
      if (given.kind !== 'assigned') throw new Error(`${id} was not assigned: ${given.kind}`);
      const result = { text: 'ok', turns: 1, usage: noUsage, costUsd: 0 };
      const { lease, grant } = given;
      const settled = await keeper.settle({ job: id, worker, lease, grant }, { state: 'succeeded', result });
      if (settled.kind !== 'settled') throw new Error(`${id} was not settled: ${settled.kind}`);
    }
    return ((await scriptTime(watch)) - before) / jobs;
  } finally {
    for (const key of await redis.keys(`{${namespace}}*`)) await redis.unlink(key);
    redis.disconnect();
  }
}

/** Has a connection run other scripts in the place of those that keep leases. */
async function replaceScripts(redis: RawConnection): Promise<void> {
  for (const { lua } of withoutLeases.values()) await redis.script('LOAD', lua);
  const evalsha = redis.evalsha.bind(redis) as (sha: string, ...rest: unknown[]) => Promise<unknown>;
  redis.evalsha = (sha: string, ...rest: unknown[]) => evalsha(withoutLeases.get(sha)?.sha ?? sha, ...rest);
}

/** Time that Redis has spent in scripts so far, in µs. */
async function scriptTime(watch: RawConnection): Promise<number> {
  const stats = await watch.info('commandstats');
  return Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(stats)?.[1] ?? 0);
}
