import { afterAll, beforeAll } from 'vitest';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { openRedisJobs } from '../redis-jobs.js';
import { jobStoreContract } from './job-store.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

jobStoreContract('The one in Redis', () => openRedisJobs(server.url, `jobs-${String(++runs)}`));
