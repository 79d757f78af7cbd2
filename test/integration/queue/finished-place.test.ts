import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Failure } from '@remuda/domain';
import { redisKeys } from '@remuda/protocol';
import {
  Leases,
  ProfileQueue,
  Queues,
  RedisJobBook,
  WorkerRegistry,
  connectRedis,
  lead,
  type Ending,
} from '@remuda/queue';
import { ManualClock, jobSpec } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const clock = new ManualClock(Date.now());
const worker = 'w-default-1';
const failure: Failure = { code: 'engine.start_failed', message: 'It printed nothing.' };
const result = {
  text: 'ok',
  turns: 1,
  usage: { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 },
  costUsd: 0,
};
const endings = {
  succeeded: { state: 'succeeded', result },
  failed: { state: 'failed', failure },
} as const satisfies Record<string, Ending>;
let server: TestRedis;
let queues: Queues;
let queue: ProfileQueue;
let leases: Leases;
let registry: WorkerRegistry;
let book: RedisJobBook;

beforeEach(async () => {
  server = await startRedis();
  queues = new Queues(connectRedis(server.url, { name: 'test' }), keys);
  queue = new ProfileQueue(queues, 'default', 's-0');
  leases = new Leases(queues, clock);
  registry = new WorkerRegistry(queues, 's-0');
  book = new RedisJobBook(queues.redis, keys, clock);
  await queue.ready();
  await lead(queues.redis, keys.poolLeader('default'), 's-0');
  await registry.register({ id: worker, profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 1 });
});

afterEach(async () => {
  await Promise.all([queue.close(), book.close()]);
  await queues.close();
  queues.redis.disconnect();
  await server.close();
});

/** A job that is claimed and assigned. */
async function assigned(id: string) {
  await book.submit([{ id, spec: jobSpec({}) }]);
  await registry.note(worker, { phase: 'idle' });
  const held = (await queue.claim())!;
  expect(held.id).toBe(id);
  const { job, prompt } = (await leases.read(id))!;
  const claim = { held, scheduler: 's-0', job, prompt, start: { kind: 'warm' }, models: [], grant: `g-${id}` } as const;
  expect(await leases.assign(claim, worker)).toMatchObject({ kind: 'assigned' });
  return held;
}

/** All of a job's place but what differs from job to job. */
async function placeOf(id: string) {
  const { redis } = queues;
  const at = (name: string) => keys.placed('default', name);
  const { finishedOn, processedOn, timestamp, opts, returnvalue, failedReason, stacktrace, pb, ...rest } =
    await redis.hgetall(at(id));
  for (const time of [finishedOn, processedOn, timestamp]) expect(Number(time)).toBeGreaterThan(0);
  expect(JSON.parse(opts ?? '')).toMatchObject({ jobId: id });
  const { name: _, ...kept } = rest;
  return {
    ...{ kept, returnvalue, failedReason },
    lock: await redis.exists(at(`${id}:lock`)),
    active: await redis.lrange(at('active'), 0, -1),
    stalled: await redis.sismember(at('stalled'), id),
    completed: (await redis.zscore(at('completed'), id)) !== null,
    failed: (await redis.zscore(at('failed'), id)) !== null,
    traced: stacktrace !== undefined,
    by: pb,
  };
}

test.each(['succeeded', 'failed'] as const)(
  'a job that %s goes, in the step that ends it, to where BullMQ itself would have brought it',
  async (state) => {
    const ending = endings[state];
    await assigned('j-1');
    await queues.redis.sadd(keys.placed('default', 'stalled'), 'j-1');
    expect(await leases.settle({ job: 'j-1', worker, lease: 1 }, ending)).toEqual({ kind: 'settled' });
    const theirs = await assigned('j-2');
    await queues.redis.sadd(keys.placed('default', 'stalled'), 'j-2');
    await queue.finish(theirs, 'failure' in ending ? ending.failure : undefined);
    expect({ ...(await placeOf('j-1')), traced: state === 'failed' }).toEqual(await placeOf('j-2'));
  },
);

test('the place of a job that another one has claimed since is left to that one', async () => {
  await assigned('j-1');
  await queues.redis.set(`${keys.placed('default', 'j-1')}:lock`, 'another');
  expect(await leases.settle({ job: 'j-1', worker, lease: 1 }, endings.succeeded)).toEqual({ kind: 'settled' });
  expect(await queues.redis.zcard(keys.placed('default', 'completed'))).toBe(0);
  expect(await queues.redis.lrange(keys.placed('default', 'active'), 0, -1)).toEqual(['j-1']);
  expect(await queues.redis.get(`${keys.placed('default', 'j-1')}:lock`)).toBe('another');
});

test('of the jobs that are finished the oldest leave, for their age and for their number', async () => {
  const { redis } = queues;
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
