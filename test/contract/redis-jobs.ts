import {
  Leadership,
  RedisLeases,
  ProfileQueue,
  Queues,
  RedisEventLog,
  RedisJobStore,
  WorkerRegistry,
  redisKeys,
} from '@remuda/redis';
import type { Claim, Clock, JobResult } from '@remuda/domain';
import { connectRaw, presenceOf } from '@remuda/redis/testing';
import { ManualClock } from '@remuda/testing';

/** The worker that gets every job. */
export const worker = 'w-default-1';

/** A namespace of its own, with one worker of the profile `default`, and a scheduler that gives it jobs by hand. */
export async function openRedisJobs(url: string, namespace: string) {
  const keys = redisKeys(namespace);
  const redis = connectRaw(url, { name: 'contract' });
  // A list is in the order of times: here no two submissions are of the same one.
  const clock = new ManualClock();
  let ticks = 0;
  const ticking: Clock = {
    now: () => clock.now() + ++ticks,
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  };
  const queues = new Queues(redis, keys);
  const queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
  await new Leadership(queues, presenceOf(queues, 's-0')).pools(['default']);
  const registry = new WorkerRegistry(queues, presenceOf(queues, 's-0'));
  await registry.register({ id: worker, profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 100 });
  const leases = new RedisLeases(queues, ticking);
  const store = new RedisJobStore(redis, keys, ticking);
  const log = new RedisEventLog(() => connectRaw(url, { name: 'contract-events' }), keys, ticking);
  /** Takes the first job that waits. */
  const claim = async (): Promise<Claim> => {
    const held = await queue.claim();
    if (!held?.found) throw new Error('No job waits.');
    return { held, scheduler: 's-0', ...held.found, start: { kind: 'warm' }, models: [] };
  };
  return {
    ...{ keys, redis, clock, queues, queue, registry, leases, store, log, claim },
    take: async (): Promise<string | undefined> => {
      if ((await queue.backlog()) === 0) return undefined;
      const next = await claim();
      // On a busy machine a test may take longer than a worker is owned without renewal.
      await registry.own([worker]);
      await registry.note(worker, { phase: 'idle' }, ['job', 'lease']);
      const assigned = await leases.assign(next, worker);
      if (assigned.kind !== 'assigned') throw new Error(`The job could not be assigned: ${assigned.kind}.`);
      return next.job.id;
    },
    finish: async (id: string, result: JobResult): Promise<void> => {
      const settled = await leases.settle({ job: id, worker, lease: 1 }, { state: 'succeeded', result });
      if (settled.kind !== 'settled') throw new Error(`The job could not be settled: ${settled.kind}.`);
    },
    trim: async (id: string, upTo: number): Promise<void> => {
      await redis.xtrim(keys.events(id), 'MINID', `${String(upTo + 1)}-0`);
    },
    close: async (): Promise<void> => {
      await log.close();
      await store.close();
      await queue.close();
      await queues.close();
      redis.close();
    },
  };
}
