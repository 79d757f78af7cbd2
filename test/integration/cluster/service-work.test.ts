import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { startRedis, type TestRedis } from '../redis.js';
import { startServiceWork } from './service-work.js';

const namespace = 't';
const keys = redisKeys(namespace);
let server: TestRedis;
let redis: RawConnection;
let parts: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
});
afterEach(async () => {
  await Promise.all(parts.map((part) => part.close()));
  parts = [];
  redis.disconnect();
  await server.close();
});

async function start(): Promise<void> {
  parts.push(await startServiceWork({ redisUrl: server.url, namespace }));
}

/** Resolves when what a job without a record, and a worker that is gone, have left is removed. */
async function removed(name: string): Promise<void> {
  const left = [keys.model(name), keys.workerOut(name)] as const;
  await redis.hset(left[0], 'requests', 1);
  await redis.xadd(left[1], '*', 'd', 'x');
  await expect.poll(() => redis.exists(...left), { timeout: 40_000 }).toBe(0);
}

test('what was left behind is removed by one scheduler of two, and by the one that is left', async () => {
  await start();
  await start();
  await removed('first');
  await parts.shift()?.close();
  await removed('second');
});

test('that goes on after an outage of Redis', async () => {
  await start();
  await removed('first');
  await server.stop();
  await server.start();
  await removed('second');
});

test('and after Redis was full for a while', async () => {
  await start();
  await removed('first');
  await redis.config('SET', 'maxmemory', '1');
  // It was told that nothing can be written.
  await expect.poll(() => redis.info('errorstats'), { timeout: 40_000 }).toContain('OOM');
  await redis.config('SET', 'maxmemory', '0');
  await removed('second');
});
