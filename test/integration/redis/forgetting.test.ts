import { afterEach, beforeEach, expect, test } from 'vitest';
import { Forgetting, Housekeeping, RedisJobStore, defaultRetention, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { ManualClock, jobSpec, jobRef } from '@remuda/testing';
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

const forgetting = (own: { jobMs?: number; jobBytes?: number }) =>
  new Forgetting(redis, keys, { ...defaultRetention, ...own });

/** Jobs that were cancelled while they waited, one a millisecond. */
async function cancelled(count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, i) => `j-${String(i)}`);
  for (const id of ids) {
    await store.submit([{ id, spec: jobSpec({ prompt: 'x'.repeat(10_000), labels: { own: id } }) }]);
    await clock.advance(1);
    await store.cancel(jobRef(id), 'not wanted');
  }
  return ids;
}

const kept = (ids: readonly string[]): Promise<number> => redis.exists(...ids.map((id) => keys.job(id)));

test('while jobs that are over take more than they may, the oldest go, and no more of them than have to', async () => {
  const ids = await cancelled(40);
  const all = Number(await redis.get(keys.retained));
  expect(all).toBeGreaterThan(40 * 10_000);
  await forgetting({ jobBytes: all / 2 }).forget(clock.now());
  const left = Number(await redis.get(keys.retained));
  expect(left).toBeLessThanOrEqual(all / 2);
  expect(left).toBeGreaterThan(all / 2 - 20_000);
  const stay = await kept(ids);
  expect(await kept(ids.slice(-stay))).toBe(stay);
  expect((await redis.keys(`${keys.labelled('')}*`)).length).toBe(stay);
});

test('what takes no more than it may stays for its time, and then nothing of it is left', async () => {
  const ids = await cancelled(5);
  await forgetting({ jobMs: 1_000 }).forget(clock.now());
  expect(await kept(ids)).toBe(5);
  await clock.advance(1_001);
  await forgetting({ jobMs: 1_000 }).forget(clock.now());
  expect((await redis.keys('*')).filter((key) => !/:(?:meta|id|pc|events)$/.test(key))).toEqual([]);
});

test('jobs that wait for long do not stand before others whose records are gone', async () => {
  const runAt = clock.now() + 30 * 86_400_000;
  const waiting = Array.from({ length: 600 }, (_, i) => ({ id: `w-${String(i)}`, spec: jobSpec({ runAt }) }));
  for (let i = 0; i < 600; i += 100) await store.submit(waiting.slice(i, i + 100));
  await redis.zadd(keys.jobs, clock.now() + 1, 'gone-1', clock.now() + 2, 'gone-2');
  const housekeeping = new Housekeeping(redis, keys);
  for (let i = 0; i < 2; i++) await housekeeping.look();
  expect(await redis.zcard(keys.jobs)).toBe(600);
  // and once more from the beginning
  await redis.zadd(keys.jobs, 1, 'gone-3');
  await housekeeping.look();
  expect(await redis.zscore(keys.jobs, 'gone-3')).toBeNull();
});

test('one that is about to leave its queue stays until it has', async () => {
  const [id = ''] = await cancelled(1);
  const lock = `${keys.placed('default', id)}:lock`;
  await redis.set(lock, 's-0:1');
  await clock.advance(10);
  await forgetting({ jobMs: 1 }).forget(clock.now());
  expect(await kept([id])).toBe(1);
  await redis.del(lock);
  await forgetting({ jobMs: 1 }).forget(clock.now());
  expect(await kept([id])).toBe(0);
});

test('keys of jobs without a record go, and no others', async () => {
  await store.submit([{ id: 'j-1', spec: jobSpec({}) }]);
  await redis.hset(keys.model('j-1'), 'requests', 1);
  await redis.hset(keys.model('j-gone'), 'requests', 1);
  const housekeeping = new Housekeeping(redis, keys);
  await expect.poll(async () => housekeeping.look().then(() => redis.exists(keys.model('j-gone')))).toBe(0);
  expect(await redis.exists(keys.model('j-1'), keys.prompt('j-1'), keys.job('j-1'))).toBe(3);
});

test('of a job that was taken back no label is left', async () => {
  await store.submit([{ id: 'j-0', spec: jobSpec({}) }]); // so that Redis knows the script
  const half = connectRaw(server.url, { name: 'half' });
  const evalsha = half.evalsha.bind(half) as (...args: unknown[]) => Promise<unknown>;
  let submitted = false;
  // The answer to the submission is lost; what follows gets through.
  half.evalsha = (...args: unknown[]) =>
    evalsha(...args).then((answer) => {
      if (submitted) return answer;
      submitted = true;
      throw new Error('Connection is closed.');
    });
  const lossy = new RedisJobStore(half, keys, clock);
  const submit = lossy.submit([{ id: 'j-1', spec: jobSpec({ labels: { own: 'j-1' } }) }]);
  await expect(submit).rejects.toMatchObject({ code: 'redis.unavailable' });
  expect((await redis.keys('*')).filter((key) => /label|j-1/.test(key))).toEqual([]);
  await lossy.close();
  half.disconnect();
});
