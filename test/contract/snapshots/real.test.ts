import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisSnapshots } from '@remuda/redis';
import { afterAll, beforeAll } from 'vitest';
import { FileBlobs } from '../../../apps/bridge/src/snapshots/file-blobs.js';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { openRedisJobs } from '../redis-jobs.js';
import { blobsContract } from './blobs.contract.js';
import { snapshotIndexContract } from './snapshot-index.contract.js';

blobsContract('The one in a folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'remuda-blobs-'));
  return {
    blobs: new FileBlobs(folder, { maxBytes: 10, maxTotalBytes: 15 }),
    close: () => rm(folder, { recursive: true }),
  };
});

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
