import { Worker as BullConsumer } from 'bullmq';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ProfileQueue, Queues, RedisJobStore, redisKeys, type RedisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { jobSpec } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

const hourMs = 3_600_000;
const keys = redisKeys('t');
const bullKeys = redisKeys('bull');
const holder = 's-0';
let server: TestRedis;
let redis: RawConnection;
let queues: Queues;
let ours: ProfileQueue;
let theirs: BullConsumer;

beforeEach(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  queues = new Queues(redis, keys);
  ours = new ProfileQueue(queues, 'default', holder);
  theirs = new BullConsumer(bullKeys.jobQueue('default'), null, {
    ...{ connection: redis, prefix: bullKeys.bull, autorun: false, lockDuration: 60_000, name: holder },
  });
  await Promise.all([ours.ready(), theirs.waitUntilReady()]);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all([ours.close(), theirs.close(true), queues.close()]);
  redis.disconnect();
  await server.close();
});

async function submit(of: RedisKeys, ids: readonly string[]): Promise<void> {
  const store = new RedisJobStore(redis, of, systemClock);
  await store.submit(ids.map((id) => ({ id, spec: jobSpec() })));
  await store.close();
}

/** Where a job's place is, but for the times of the clock. */
async function placeOf(of: RedisKeys, id: string) {
  const at = (name: string) => of.placed('default', name);
  const { timestamp: _at, processedOn: _since, opts: _opts, delay, ...rest } = await redis.hgetall(at(id));
  return {
    ...rest,
    isDelayed: Number(delay) > 0,
    lock: await redis.exists(at(`${id}:lock`)),
    active: await redis.lrange(at('active'), 0, -1),
    score: await redis.zscore(at('delayed'), id),
  };
}

test('a job is parked where BullMQ itself would have put it, also behind others of the same time', async () => {
  const ids = ['a', 'b', 'c'];
  await Promise.all([submit(keys, ids), submit(bullKeys, ids)]);
  const wakeAt = Date.now() + hourMs;
  for (const id of ids) {
    const held = await ours.claim();
    expect(held?.id).toBe(id);
    const job = await theirs.getNextJob(held!.lock, { block: false });
    await Promise.all([ours.park(held!, wakeAt), job.moveToDelayed(wakeAt, held!.lock)]);
    expect(await placeOf(keys, id)).toEqual(await placeOf(bullKeys, id));
  }
  expect(await ours.claim()).toBeUndefined();
});

test('a job that is not held any more stays where it is', async () => {
  await submit(keys, ['a']);
  const held = (await ours.claim())!;
  await ours.park({ ...held, lock: 'another one' }, Date.now() + hourMs);
  expect(await placeOf(keys, 'a')).toMatchObject({ lock: 1, active: ['a'], score: null });
  await ours.finish(held);
  await ours.park(held, Date.now() + hourMs);
  expect(await placeOf(keys, 'a')).toMatchObject({ active: [], score: null });
});

test('what is due is told by the clock of Redis, whatever the local one shows', async () => {
  await submit(keys, ['a']);
  const begun = Date.now();
  const offs = [hourMs, -hourMs];
  for (const offMs of offs) {
    const held = (await ours.claim())!;
    expect(held.at).toBeGreaterThanOrEqual(begun);
    const wakeAt = held.at + 300;
    vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(performance.timeOrigin + performance.now()) + offMs);
    await ours.park(held, wakeAt);
    expect(await ours.backlog()).toBe(0);
    expect(await ours.claim()).toBeUndefined();
    await expect.poll(() => ours.backlog(), { timeout: 5_000 }).toBe(1);
    const again = (await ours.claim())!;
    expect(again.id).toBe('a');
    expect(again.at).toBeGreaterThanOrEqual(wakeAt);
    vi.restoreAllMocks();
    await ours.giveBack(again);
  }
});
