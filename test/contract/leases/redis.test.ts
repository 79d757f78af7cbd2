import type { Claim } from '@remuda/domain';
import { modelCount } from '@remuda/protocol';
import { RedisPoolControls, publishProfiles, type HeldJob } from '@remuda/redis';
import { profile } from '@remuda/testing';
import { afterAll, beforeAll } from 'vitest';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { openRedisJobs, worker } from '../redis-jobs.js';
import { leaseStoreContract } from './lease-store.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

leaseStoreContract('The one in Redis', async () => {
  const jobs = await openRedisJobs(server.url, `leases-${String(++runs)}`);
  const { redis, keys, clock, registry, leases, store, queue, claim, close } = jobs;
  await publishProfiles(redis, keys, { default: profile().pool });
  const controls = new RedisPoolControls(redis, keys, clock);
  const idle = (): Promise<void> => registry.note(worker, { phase: 'idle' }, ['job', 'lease']);
  await idle();
  return {
    ...{ leases, store, worker, idle, claim, close },
    giveBack: ({ held }: Claim) => queue.giveBack(held as HeldJob),
    cordon: () => controls.cordon(worker),
    halt: () => controls.pause('default', 'stop'),
    limit: (job, resetAt) => redis.hset(keys.model(job), modelCount.limitResetAt, resetAt),
  };
});
