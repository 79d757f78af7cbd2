import { Worker as BullConsumer } from 'bullmq';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ProfileQueue, Queues, RedisJobStore, redisKeys, type RedisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { ManualClock, jobSpec } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const bullKeys = redisKeys('bull');
const holder = 's-0';
const clock = new ManualClock(Date.now());
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
  await Promise.all([ours.close(), theirs.close(true), queues.close()]);
  redis.disconnect();
  await server.close();
});

/** The same jobs in both queues, the first line of which are one that was given back, one of a priority, and two that are due. */
async function fill(of: RedisKeys): Promise<void> {
  const store = new RedisJobStore(redis, of, clock);
  const job = (id: string, priority: number, runAt?: number) => ({
    id,
    spec: jobSpec({ prompt: `do ${id}`, priority, ...(runAt === undefined ? {} : { runAt }) }),
  });
  await store.submit([
    job('back', 5),
    job('later', 7),
    job('due', 5, clock.now() + 50),
    job('due-first', 1, clock.now() + 50),
  ]);
  await store.submit([job('tomorrow', 1, clock.now() + 86_400_000)]);
  await store.close();
  const at = (name: string) => of.placed('default', name);
  // As BullMQ gives back what stalled: to the head of those that have no priority any more.
  await redis.zrem(at('prioritized'), 'back');
  await redis.rpush(at('wait'), 'back');
  const due = await redis.zrange(at('delayed'), '0', '1');
  expect(due).toEqual(['due', 'due-first']);
  for (const id of due) await redis.zadd(at('delayed'), (Date.now() - 1_000) * 0x1000, id);
}

/** All that says where the jobs of a queue are, and what was claimed; the clock's times only by whether they are there. */
async function queueOf(of: RedisKeys) {
  const at = (name: string) => of.placed('default', name);
  const ids = ['back', 'later', 'due', 'due-first', 'tomorrow'];
  const places = ids.map(async (id) => {
    const { timestamp, processedOn, opts: _opts, ...rest } = await redis.hgetall(at(id));
    const lock = await redis.get(at(`${id}:lock`));
    return { ...rest, times: [Number(timestamp) > 0, Number(processedOn) > 0], lock };
  });
  return {
    places: await Promise.all(places),
    active: await redis.lrange(at('active'), 0, -1),
    wait: await redis.lrange(at('wait'), 0, -1),
    prioritized: await redis.zrange(at('prioritized'), '0', '-1', 'WITHSCORES'),
    delayed: await redis.zrange(at('delayed'), '0', '-1'),
    counter: await redis.get(at('pc')),
  };
}

test('a claim takes the job that BullMQ itself would have taken, and leaves what it would have left', async () => {
  await Promise.all([fill(keys), fill(bullKeys)]);
  const claimed: string[] = [];
  for (;;) {
    const held = await ours.claim();
    const job = await theirs.getNextJob(held?.lock ?? 'none', { block: false });
    // Its type leaves out that there may be none.
    expect(held?.id).toBe((job as typeof job | undefined)?.id);
    expect(await queueOf(keys)).toEqual(await queueOf(bullKeys));
    if (!held) break;
    claimed.push(held.id);
    expect(await redis.pttl(`${keys.placed('default', held.id)}:lock`)).toBeGreaterThan(55_000);
  }
  expect(claimed).toEqual(['back', 'due-first', 'due', 'later']);
});

test('a claim comes with the record and the prompt of the job', async () => {
  await fill(keys);
  const claimed = await ours.claim();
  expect(claimed?.found).toMatchObject({
    prompt: 'do back',
    job: { id: 'back', state: 'queued', spec: { priority: 5 } },
  });
  expect(claimed?.placedAt).toBe(clock.now());
});

test('a place without a record is claimed all the same, without one', async () => {
  await queues.jobs('default').add('default', { profile: 'default' }, { jobId: 'orphan', priority: 5 });
  const claimed = await ours.claim();
  expect(claimed?.id).toBe('orphan');
  expect(claimed).not.toHaveProperty('found');
});

test('of a queue that was paused by hand nothing is claimed until it goes on', async () => {
  await fill(keys);
  await queues.jobs('default').pause();
  expect(await ours.claim()).toBeUndefined();
  await queues.jobs('default').resume();
  expect((await ours.claim())?.id).toBe('back');
});

test('a turn is claimed wherever it stands, once, as others are; not if it is parked', async () => {
  await fill(keys);
  const later = await ours.claimTurn('later');
  expect(later).toMatchObject({ id: 'later', found: { prompt: 'do later', job: { id: 'later' } } });
  expect(await ours.claimTurn('later')).toBeUndefined();
  expect(await ours.claimTurn('tomorrow')).toBeUndefined();
  expect(await ours.claimTurn('unknown')).toBeUndefined();
  expect((await ours.claimTurn('back'))?.id).toBe('back');
  const { active, wait, prioritized } = await queueOf(keys);
  expect({ active, wait, prioritized }).toEqual({ active: ['back', 'later'], wait: [], prioritized: [] });
  expect(await redis.get(`${keys.placed('default', 'later')}:lock`)).toBe(later?.lock);
  if (later) await ours.giveBack(later);
  expect((await queueOf(keys)).active).toEqual(['back']);
  expect((await ours.claimTurn('later'))?.id).toBe('later');
});
