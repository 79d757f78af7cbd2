import { afterAll, beforeAll } from 'vitest';
import { Halts, RedisPoolControls, publishProfiles } from '@remuda/redis';
import { profile } from '@remuda/testing';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { openRedisJobs, worker } from '../redis-jobs.js';
import { poolControlsContract } from './pool-controls.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

poolControlsContract('The ones in Redis', async () => {
  const jobs = await openRedisJobs(server.url, `pools-${String(++runs)}`);
  const { redis, keys, clock, registry } = jobs;
  const { pool } = profile();
  await publishProfiles(redis, keys, { default: pool, other: pool });
  return {
    controls: new RedisPoolControls(redis, keys, clock),
    haltsOf: async (name) => (await new Halts(redis, keys).read()).of(name),
    worker: async () => (await registry.find(worker)) ?? {},
    close: jobs.close,
  };
});
