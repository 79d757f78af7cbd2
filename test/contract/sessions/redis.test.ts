import { RedisSessionStore, RedisSnapshots, RedisTurnLog } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { afterAll, beforeAll } from 'vitest';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { openRedisJobs, worker } from '../redis-jobs.js';
import { sessionStoreContract } from './session-store.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

sessionStoreContract('The one in Redis', async () => {
  const { store, take, leases, redis, keys, clock, close } = await openRedisJobs(
    server.url,
    `sessions-${String(++runs)}`,
  );
  // No two sessions are of the same time, so that their list has an order.
  let ticks = 0;
  const ticking = Object.assign(Object.create(clock) as typeof clock, {
    now: () => clock.now() + ++ticks,
    monotonic: () => clock.monotonic(),
  });
  const turns = new RedisTurnLog(() => connectRaw(server.url, { name: 'contract-turns' }), keys);
  return {
    close: async () => {
      await turns.close();
      await close();
    },
    ...{ turns, store, take, index: new RedisSnapshots(redis, keys) },
    sessions: new RedisSessionStore(redis, keys, ticking),
    forget: async (id) => {
      await redis.del(keys.job(id));
    },
    keep: (job, lost) => leases.endKeeping({ job, worker, lease: 1 }, lost),
    end: async (job, ending) => {
      const settled = await leases.settle({ job, worker, lease: 1 }, ending);
      if (settled.kind !== 'settled') throw new Error(`The job could not be settled: ${settled.kind}.`);
    },
  };
});
