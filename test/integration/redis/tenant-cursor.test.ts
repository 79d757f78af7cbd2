import { RedisClock, RedisJobStore, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { jobSpec } from '@remuda/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../redis.js';

let server: TestRedis;
let redis: RawConnection;
let store: RedisJobStore;
const keys = redisKeys('cursor');
beforeAll(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  store = new RedisJobStore(redis, keys, new RedisClock(redis, systemClock));
});
afterAll(async () => {
  await store.close();
  redis.disconnect();
  await server.close();
});

test('behind more jobs of others than a page looks at, the cursor names none of them and leads on', async () => {
  await store.submit([{ id: 'j-own', tenant: 'b', spec: jobSpec() }]);
  const others = Array.from({ length: 5_100 }, (_, i) => `j-${String(i).padStart(8, '0')}-4000-8000-0000-00000000aaaa`);
  const later = Date.now() + 1_000;
  await redis.zadd(keys.jobs, ...others.flatMap((id, i) => [later + (i % 7), id]));
  const page = await store.list({ tenant: 'b', limit: 10 });
  expect(page.jobs).toEqual([]);
  const cursor = Buffer.from(page.nextCursor ?? '', 'base64url').toString();
  expect(cursor).toMatch(/^\d+:j-/);
  expect(others.filter((id) => cursor.includes(id))).toEqual([]);
  const next = await store.list({ tenant: 'b', limit: 10, cursor: page.nextCursor! });
  expect(next.jobs.map(({ id }) => id)).toEqual(['j-own']);
});
