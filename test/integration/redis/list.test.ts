import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobQuery } from '@remuda/domain';
import { RedisJobStore, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { ManualClock, jobSpec } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const clock = new ManualClock(1_000_000);
let server: TestRedis;
let redis: RawConnection;
let store: RedisJobStore;

beforeEach(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  store = new RedisJobStore(redis, keys, clock);
});
afterEach(async () => {
  await store.close();
  redis.disconnect();
  await server.close();
});

/** Submits jobs in groups of a hundred, all of a group at the same time; gives their ids, the latest first. */
async function submit(count: number, profile = 'default'): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, i) => `${profile}-${String(i).padStart(5, '0')}`);
  for (let i = 0; i < count; i += 100) {
    await store.submit(ids.slice(i, i + 100).map((id) => ({ id, spec: jobSpec({ profile }) })));
    await clock.advance(1);
  }
  return [...ids].reverse();
}

/** All pages of a list, one after the other. */
async function all(query: Omit<JobQuery, 'cursor'>): Promise<readonly string[]> {
  const found: string[] = [];
  for (let cursor: string | undefined, pages = 0; pages < 1_000; pages++) {
    const page = await store.list({ ...query, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.jobs.map(({ id }) => id));
    if (page.nextCursor === undefined) return found;
    cursor = page.nextCursor;
  }
  throw new Error('the pages have no end');
}

test('a list for a rare state asks Redis a few times, however many jobs there are', async () => {
  await submit(6_000);
  const asked: string[] = [];
  const monitor = await redis.duplicate().monitor();
  monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
    if (source !== 'lua') asked.push(name.toLowerCase());
  });
  const page = await store.list({ state: 'failed', limit: 50 });
  await redis.echo('end');
  await expect.poll(() => asked).toContain('echo');
  monitor.disconnect();
  expect(page.jobs).toEqual([]);
  expect(page.nextCursor).toBeDefined();
  expect(asked.length).toBeLessThan(10);
});

test('pages follow each other without a hole and without a double, whatever their size', async () => {
  const ids = await submit(550);
  for (const limit of [1, 7, 100, 200]) expect(await all({ limit })).toEqual(ids);
});

test('pages of one profile among others are complete', async () => {
  const rare = await submit(30, 'rare');
  await submit(2_500, 'many');
  expect(await all({ profile: 'rare', limit: 20 })).toEqual(rare);
  expect(await all({ profile: 'rare', state: 'queued', limit: 20 })).toEqual(rare);
  expect(await all({ profile: 'rare', state: 'failed', limit: 20 })).toEqual([]);
});

test('a list goes on where the job of its cursor is gone', async () => {
  const ids = await submit(300);
  const { nextCursor: cursor = '', jobs } = await store.list({ limit: 150 });
  await redis.zrem(keys.jobs, jobs.at(-1)!.id);
  const rest = await store.list({ limit: 200, cursor });
  expect(rest.jobs.map(({ id }) => id)).toEqual(ids.slice(150));
});
