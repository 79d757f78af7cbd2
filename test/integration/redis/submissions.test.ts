import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobSpec, NewJob } from '@remuda/domain';
import { ProfileQueue, Queues, RedisJobStore, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { ManualClock, jobSpec, jobRef } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const bullKeys = redisKeys('bull');
const clock = new ManualClock(Date.now());
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

const job = (id: string, spec: Partial<JobSpec> = {}): NewJob => ({ id, spec: jobSpec(spec) });
const inAnHour = clock.now() + 3_600_000;

const mixed: readonly NewJob[] = [
  job('j-1', { priority: 5 }),
  job('j-2', { priority: 1, labels: { team: 'a' } }),
  job('j-3', { priority: 10, profile: 'other' }),
  job('j-4', { priority: 5, runAt: inAnHour }),
  job('j-5', { priority: 5, runAt: inAnHour + 60_000 }),
  job('j-6', { priority: 5 }),
];

/** Everything of a queue that says where its jobs are and what they are. */
async function queueOf(of: typeof keys, profile: string) {
  const at = (name: string): string => of.placed(profile, name);
  const prioritized = await redis.zrange(at('prioritized'), '0', '-1', 'WITHSCORES');
  const delayed = await redis.zrange(at('delayed'), '0', '-1');
  const ids = [...prioritized.filter((_, i) => i % 2 === 0), ...delayed];
  const jobs = await Promise.all(
    ids.map(async (id) => {
      const { timestamp, opts, delay, ...rest } = await redis.hgetall(at(id));
      expect(Number(timestamp)).toBeGreaterThan(0);
      const { delay: asked, ...kept } = JSON.parse(opts ?? '') as { delay?: number };
      return { ...rest, kept, waits: Number(delay) > 0, asked: asked !== undefined };
    }),
  );
  return { prioritized, delayed, counter: await redis.get(at('pc')), jobs };
}

test('a place is what BullMQ itself would have made of the job', async () => {
  await store.submit(mixed);
  const queues = new Queues(redis, bullKeys);
  for (const { id, spec } of mixed) {
    const { profile, labels, priority, runAt } = spec;
    const data = { profile, ...(Object.keys(labels).length > 0 ? { labels } : {}) };
    const delay = runAt === undefined ? {} : { delay: runAt - Date.now() };
    await queues.jobs(profile).add(profile, data, { jobId: id, priority, ...delay });
  }
  for (const profile of ['default', 'other'])
    expect(await queueOf(keys, profile)).toEqual(await queueOf(bullKeys, profile));
  await queues.close();
});

test('jobs come out by priority, and of one priority in the order in which they came in', async () => {
  await store.submit([job('j-1', { priority: 5 }), job('j-2', { priority: 5 }), job('j-3', { priority: 1 })]);
  await store.submit([job('j-4', { priority: 5 }), job('j-5', { priority: 5, runAt: clock.now() - 1 })]);
  const queues = new Queues(redis, keys);
  const queue = new ProfileQueue(queues, 'default', 'test');
  await queue.ready();
  const claimed: (string | undefined)[] = [];
  for (let i = 0; i < 6; i++) claimed.push((await queue.claim())?.id);
  expect(claimed).toEqual(['j-3', 'j-1', 'j-2', 'j-4', 'j-5', undefined]);
  await queue.close();
  await queues.close();
});

test('schedulers are told of each profile how many jobs came that can start', async () => {
  const told: string[] = [];
  const listener = connectRaw(server.url, { name: 'listener' });
  await listener.subscribe(keys.wake);
  const all = new Promise<void>((resolve) => {
    listener.on('message', (_channel, message: string) => {
      if (told.push(message) === 2) resolve();
    });
  });
  await store.submit(mixed);
  await all;
  expect(told.sort()).toEqual(['default 3', 'other 1']);
  listener.disconnect();
});

test('jobs that are submitted again, since the answer was lost, change nothing', async () => {
  await store.submit([job('j-1')]);
  await redis.hset(keys.job('j-1'), 'state', 'assigned', 'seq', 7);
  await redis.zrem(keys.placed('default', 'prioritized'), 'j-1');
  await store.submit([job('j-1')]);
  expect(await store.find(jobRef('j-1'))).toMatchObject({ state: 'assigned' });
  expect(await redis.zcard(keys.placed('default', 'prioritized'))).toBe(0);
});

test('what Redis has no memory for is refused whole, and leaves nothing behind', async () => {
  await redis.script('LOAD', 'return 1');
  await store.submit([job('j-0')]);
  const before = (await redis.keys('*')).sort();
  await redis.config('SET', 'maxmemory', '1');
  await expect(store.submit([job('j-1'), job('j-2', { profile: 'other' })])).rejects.toMatchObject({
    code: 'redis.full',
  });
  await expect(store.submit([job('j-3')], { key: 'k', fingerprint: 'f' })).rejects.toMatchObject({
    code: 'redis.full',
  });
  await redis.config('SET', 'maxmemory', '0');
  expect((await redis.keys('*')).sort()).toEqual(before);
  await expect(store.submit([job('j-3')], { key: 'k', fingerprint: 'f' })).resolves.toEqual({
    ids: ['j-3'],
    repeated: false,
  });
});
