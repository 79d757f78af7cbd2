import { afterEach, beforeEach, expect, test } from 'vitest';
import { noUsage, type Ending, type Failure } from '@remuda/domain';
import { Leases, ProfileQueue, Queues, redisKeys } from '@remuda/redis';
import { commandsOf, connectRaw } from '@remuda/redis/testing';
import { ManualClock } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';
import { assignJob, worker } from './assign-job.js';

const keys = redisKeys('t');
const clock = new ManualClock(Date.now());
const failure: Failure = { code: 'engine.start_failed', message: 'It printed nothing.' };
const result = { text: 'ok', turns: 1, usage: noUsage, costUsd: 0 };
const endings = {
  succeeded: { state: 'succeeded', result },
  failed: { state: 'failed', failure },
} as const satisfies Record<string, Ending>;
let server: TestRedis;
let queues: Queues;
let queue: ProfileQueue;
let leases: Leases;

beforeEach(async () => {
  server = await startRedis();
  queues = new Queues(connectRaw(server.url, { name: 'test' }), keys);
  queue = new ProfileQueue(queues, 'default', 's-0');
  leases = new Leases(queues, clock);
  await queue.ready();
});

afterEach(async () => {
  await queue.close();
  await queues.close();
  queues.connection.close();
  await server.close();
});

const assigned = (id: string) => assignJob({ queues, queue, clock }, id);

/** All of a job's place but what differs from job to job, and the stack of BullMQ's error. */
async function placeOf(id: string) {
  const redis = commandsOf(queues.connection);
  const at = (name: string) => keys.placed('default', name);
  const { finishedOn, processedOn, timestamp, opts, stacktrace: _stack, ...rest } = await redis.hgetall(at(id));
  for (const time of [finishedOn, processedOn, timestamp]) expect(Number(time)).toBeGreaterThan(0);
  expect(JSON.parse(opts ?? '')).toMatchObject({ jobId: id });
  return {
    ...rest,
    lock: await redis.exists(at(`${id}:lock`)),
    active: await redis.lrange(at('active'), 0, -1),
    stalled: await redis.sismember(at('stalled'), id),
    completed: (await redis.zscore(at('completed'), id)) !== null,
    failed: (await redis.zscore(at('failed'), id)) !== null,
  };
}

test.each(['succeeded', 'failed'] as const)(
  'a job that %s goes, in the step that ends it, to where BullMQ itself would have brought it',
  async (state) => {
    const ending = endings[state];
    await assigned('j-1');
    await commandsOf(queues.connection).sadd(keys.placed('default', 'stalled'), 'j-1');
    expect(await leases.settle({ job: 'j-1', worker, lease: 1 }, ending)).toEqual({ kind: 'settled' });
    const theirs = await assigned('j-2');
    await commandsOf(queues.connection).sadd(keys.placed('default', 'stalled'), 'j-2');
    await queue.finish(theirs, 'failure' in ending ? ending.failure : undefined);
    expect(await placeOf('j-1')).toEqual(await placeOf('j-2'));
  },
);

test('the place of a job that another one has claimed since is left to that one', async () => {
  await assigned('j-1');
  await commandsOf(queues.connection).set(`${keys.placed('default', 'j-1')}:lock`, 'another');
  expect(await leases.settle({ job: 'j-1', worker, lease: 1 }, endings.succeeded)).toEqual({ kind: 'settled' });
  expect(await commandsOf(queues.connection).zcard(keys.placed('default', 'completed'))).toBe(0);
  expect(await commandsOf(queues.connection).lrange(keys.placed('default', 'active'), 0, -1)).toEqual(['j-1']);
  expect(await commandsOf(queues.connection).get(`${keys.placed('default', 'j-1')}:lock`)).toBe('another');
});

test('of the jobs that are finished the oldest leave, for their age and for their number', async () => {
  const redis = commandsOf(queues.connection);
  const line = keys.placed('default', 'completed');
  const dayMs = 86_400_000;
  const old = Array.from({ length: 12 }, (_, i) => `old-${i}`);
  for (const id of old) {
    await redis.zadd(line, clock.now() - dayMs - 1, id);
    await redis.hset(keys.placed('default', id), 'name', 'x');
  }
  await assigned('j-1');
  await leases.settle({ job: 'j-1', worker, lease: 1 }, endings.succeeded);
  expect(await redis.zcard(line)).toBe(3);
  expect(await redis.exists(...old.map((id) => keys.placed('default', id)))).toBe(2);
  await assigned('j-2');
  await leases.settle({ job: 'j-2', worker, lease: 1 }, endings.succeeded);
  expect(await redis.zrange(line, '0', '-1')).toEqual(['j-1', 'j-2']);
  await redis.zadd(line, ...Array.from({ length: 5_000 }, (_, i) => [clock.now() - 1, `more-${i}`]).flat());
  await assigned('j-3');
  await leases.settle({ job: 'j-3', worker, lease: 1 }, endings.succeeded);
  expect(await redis.zcard(line)).toBe(5_000);
  expect((await redis.zrevrange(line, 0, 2)).sort()).toEqual(['j-1', 'j-2', 'j-3']);
});
