import { RedisSnapshots } from '@remuda/redis';
import { afterAll, beforeAll } from 'vitest';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { openRedisJobs } from '../redis-jobs.js';
import { snapshotIndexContract } from './snapshot-index.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

snapshotIndexContract('The one in Redis', async () => {
  const jobs = await openRedisJobs(server.url, `index-${String(++runs)}`);
  return { ...jobs, index: new RedisSnapshots(jobs.redis, jobs.keys) };
});
