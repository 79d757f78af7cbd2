import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { settleFormat, redisKeys, type RedisConnection } from '@remuda/redis';
import { commandsOf, connectRaw, type RawConnection } from '@remuda/redis/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
let server: TestRedis;
let redis: RawConnection;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
});
beforeEach(async () => {
  await redis.flushall();
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});

test('where there is no number this release writes its own, and finds it the next time', async () => {
  await settleFormat(redis, keys);
  expect(await redis.get(keys.format)).toBe('1');
  await settleFormat(redis, keys);
});

test('a newer number is refused with a sentence that says what to do, and nothing is touched', async () => {
  await redis.set(keys.format, '2');
  await expect(settleFormat(redis, keys)).rejects.toMatchObject({
    code: 'format.unsupported',
    message: expect.stringMatching(/"2".*knows 1\. A newer release has used this Redis/) as unknown,
  });
  expect(await redis.keys('*')).toEqual([keys.format]);
  expect(await redis.get(keys.format)).toBe('2');
});

test.each([
  ['too old', '1', { own: 4, oldest: 2 }, /too old/],
  ['no number', 'x', { own: 4, oldest: 2 }, /not a format number/],
])('one that is %s is refused', async (_, found, formats, reason) => {
  await redis.set(keys.format, found);
  await expect(settleFormat(redis, keys, formats)).rejects.toThrow(reason);
});

const rename =
  (from: string, to: string) =>
  async (of: RedisConnection): Promise<void> => {
    await commandsOf(of)
      .renamenx(from, to)
      .catch(() => undefined);
  };
const steps = { 1: rename('a', 'b'), 2: rename('b', 'c') };

test.each([undefined, '1', '2'])('an older one is translated, step by step, and raised: from %s', async (found) => {
  if (found !== undefined) await redis.set(keys.format, found);
  await redis.set(found === '2' ? 'b' : 'a', 'kept');
  await settleFormat(redis, keys, { own: 3, oldest: 1 }, steps);
  expect(await redis.mget('a', 'b', 'c', keys.format)).toEqual([null, null, 'kept', '3']);
});

test('several that start at once leave what one would have', async () => {
  await redis.set('a', 'kept');
  await Promise.all(Array.from({ length: 5 }, () => settleFormat(redis, keys, { own: 3, oldest: 1 }, steps)));
  expect(await redis.mget('a', 'b', 'c', keys.format)).toEqual([null, null, 'kept', '3']);
});

test('a translation that breaks off leaves the number as it was, and is done again by the next one', async () => {
  await redis.set('a', 'kept');
  const broken = { ...steps, 2: () => Promise.reject(new Error('away')) };
  await expect(settleFormat(redis, keys, { own: 3, oldest: 1 }, broken)).rejects.toThrow('away');
  expect(await redis.get(keys.format)).toBeNull();
  await settleFormat(redis, keys, { own: 3, oldest: 1 }, steps);
  expect(await redis.mget('c', keys.format)).toEqual(['kept', '3']);
});
