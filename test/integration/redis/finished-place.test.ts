import { afterEach, beforeEach, expect, test } from 'vitest';
import { noUsage, type Ending, type Failure } from '@remuda/domain';
import { Forgetting, RedisLeases, ProfileQueue, Queues, Sweeps, defaultRetention, redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { createLogger } from '@remuda/runtime';
import { ManualClock } from '@remuda/testing';
import { OrphanedClaims } from '../../../apps/scheduler/src/attempts/orphaned-claims.js';
import { startRedis, type TestRedis } from '../redis.js';
import { assignJob, worker } from './assign-job.js';

const keys = redisKeys('t');
const failure: Failure = { code: 'engine.start_failed', message: 'It printed nothing.' };
const result = { text: 'ok', turns: 1, usage: noUsage, costUsd: 0 };
const endings = {
  completed: { state: 'succeeded', result },
  failed: { state: 'failed', failure },
} as const satisfies Record<string, Ending>;
/** Longer than a claim may stay without anybody who carries it out. */
const longMs = 6_000;
let clock: ManualClock;
let server: TestRedis;
let redis: RawConnection;
let queues: Queues;
let queue: ProfileQueue;
let leases: RedisLeases;
let orphaned: OrphanedClaims;

beforeEach(async () => {
  clock = new ManualClock(Date.now());
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
  queues = new Queues(redis, keys);
  queue = new ProfileQueue(queues, 'default', 's-0');
  leases = new RedisLeases(queues, clock);
  orphaned = new OrphanedClaims({
    ...{ leases, sweeps: new Sweeps(queues), queues: [queue], clock },
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  await queue.ready();
});

afterEach(async () => {
  await queue.close();
  await queues.close();
  redis.close();
  await server.close();
});

const at = (name: string): string => keys.placed('default', name);
const assigned = (id: string) => assignJob({ queues, queue, clock }, id);
const settle = (id: string, ending: Ending) => leases.settle({ job: id, worker, lease: 1 }, ending);

/** Where a job's place is. */
async function linesOf(id: string) {
  return {
    lock: await redis.exists(at(`${id}:lock`)),
    active: await redis.lrange(at('active'), 0, -1),
    stalled: await redis.smembers(at('stalled')),
    completed: (await redis.zscore(at('completed'), id)) !== null,
    failed: (await redis.zscore(at('failed'), id)) !== null,
  };
}

const nowhere = { lock: 0, active: [], stalled: [], completed: false, failed: false };
const recordOf = async (id: string) => [await redis.hgetall(keys.job(id)), await redis.xlen(keys.events(id))];

test.each(['completed', 'failed'] as const)(
  'the place of a job whose scheduler died right after its end is swept to those that %s',
  async (line) => {
    await assigned('j-1');
    expect(await settle('j-1', endings[line])).toEqual({ kind: 'settled' });
    const record = await recordOf('j-1');
    // Meanwhile it is nobody's to claim, whatever BullMQ looks for.
    await queue.start();
    expect(await linesOf('j-1')).toEqual({ ...nowhere, lock: 1, active: ['j-1'], stalled: ['j-1'] });
    expect(await queue.claim()).toBeUndefined();
    for (let look = 0; look < 3; look++) {
      await orphaned.free();
      await clock.advance(longMs);
    }
    expect(await linesOf('j-1')).toEqual({ ...nowhere, [line]: true });
    expect(await queue.claim()).toBeUndefined();
    // Its end is not told twice.
    expect(await recordOf('j-1')).toEqual(record);
  },
);

test('a job that is over is given to nobody when its place is claimed once more, since its lock ran out', async () => {
  const held = await assigned('j-1');
  await settle('j-1', endings.completed);
  // As BullMQ gives back what stalled.
  await redis.del(at('j-1:lock'));
  await redis.lrem(at('active'), 1, 'j-1');
  await redis.rpush(at('wait'), 'j-1');
  const again = (await queue.claim())!;
  expect(again).toMatchObject({ id: 'j-1', found: { job: { state: 'succeeded' } } });
  const claim = { held: again, scheduler: 's-0', ...again.found!, start: { kind: 'warm' }, models: [] } as const;
  expect(await leases.assign(claim, worker)).toEqual({ kind: 'state', state: 'succeeded' });
  // The step of the one before comes too late now, and does no harm.
  await queue.finish(held);
  expect(await linesOf('j-1')).toMatchObject({ lock: 1, active: ['j-1'], completed: false });
  await queue.finish(again);
  expect(await linesOf('j-1')).toEqual({ ...nowhere, completed: true });
});

test.each(['completed', 'failed'] as const)(
  'a place follows to those that %s also while Redis is full',
  async (line) => {
    const first = await assigned('j-1');
    await queue.finish(first);
    const held = await assigned('j-2');
    await redis.config('SET', 'maxmemory', '1');
    expect(await settle('j-2', endings[line])).toEqual({ kind: 'settled' });
    await queue.finish(held, line === 'failed' ? failure : undefined);
    await redis.config('SET', 'maxmemory', '0');
    expect(await linesOf('j-2')).toEqual({ ...nowhere, [line]: true });
  },
);

test('of a job that is forgotten before its place has followed nothing is left', async () => {
  await assigned('j-1');
  await settle('j-1', endings.completed);
  await queue.start();
  await redis.del(at('j-1:lock'));
  await clock.advance(10);
  await new Forgetting(redis, keys, { ...defaultRetention, jobMs: 1 }).forget(clock.now());
  expect(await linesOf('j-1')).toEqual(nowhere);
  const left = await redis.keys('*j-1*');
  expect(left.filter((key) => !key.startsWith(keys.ticket(worker, '')))).toEqual([]);
});

test('finished places leave when they are as old as BullMQ is to keep them', async () => {
  await redis.zadd(at('completed'), clock.now() - 86_400_001 - 60_000, 'old');
  await redis.hset(at('old'), 'name', 'x');
  await queue.finish(await assigned('j-1'));
  expect(await redis.zrange(at('completed'), '0', '-1')).toEqual(['j-1']);
  expect(await redis.exists(at('old'))).toBe(0);
});
