import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { Queues, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { startRedis, type TestRedis } from '../redis.js';

let server: TestRedis;
let redis: RawConnection;

beforeEach(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
});
afterEach(async () => {
  redis.disconnect();
  await server.close();
});

test('the BullMQ that these suites are held against is the one of their project', async () => {
  const queues = new Queues(redis, redisKeys('t'));
  await queues.jobs('default').add('default', { profile: 'default' }, { jobId: 'j-1' });
  await expect.poll(() => redis.hget('{t}:jobs.default:meta', 'version')).toBe(`bullmq:${inject('bullmq')}`);
  await queues.close();
});
