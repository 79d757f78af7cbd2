import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Assignment } from '@remuda/domain';
import { redisKeys } from '@remuda/protocol';
import { Leases, ProfileQueue, Queues, RedisJobBook, WorkerRegistry, connectRedis, lead } from '@remuda/queue';
import { ManualClock, jobSpec } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('t');
const bullKeys = redisKeys('bull');
const clock = new ManualClock(Date.now());
const worker = 'w-default-1';
let server: TestRedis;
let queues: Queues;

beforeEach(async () => {
  server = await startRedis();
  queues = new Queues(connectRedis(server.url, { name: 'test' }), keys);
});

afterEach(async () => {
  await queues.close();
  queues.redis.disconnect();
  await server.close();
});

/** Gives a job to an idle worker. */
async function assign(prompt: string): Promise<void> {
  const { redis } = queues;
  await lead(redis, keys.poolLeader('default'), 's-0');
  const registry = new WorkerRegistry(queues, 's-0');
  await registry.register({ id: worker, profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 1 });
  await registry.note(worker, { phase: 'idle' });
  const book = new RedisJobBook(redis, keys, clock);
  await book.submit([{ id: 'j-1', spec: jobSpec({ prompt }) }]);
  const queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
  const held = (await queue.claim())!;
  const leases = new Leases(queues, clock);
  const { job } = (await leases.read('j-1'))!;
  const claim = { held, scheduler: 's-0', job, prompt, start: { kind: 'warm' }, models: [], grant: 'g' } as const;
  expect(await leases.assign(claim, worker)).toMatchObject({ kind: 'assigned', lease: 1, attempt: 1 });
  await Promise.all([queue.close(), book.close()]);
}

/** All that says what a worker's queue holds. */
async function ticketsOf(of: typeof keys) {
  const { redis } = queues;
  const waiting = await redis.lrange(of.ticket(worker, 'wait'), 0, -1);
  const sign = await redis.zrange(of.ticket(worker, 'marker'), '0', '-1', 'WITHSCORES');
  const tickets = await Promise.all(
    waiting.map(async (id) => {
      const { timestamp, opts, data, ...rest } = await redis.hgetall(of.ticket(worker, id));
      expect(Number(timestamp)).toBeGreaterThan(0);
      const { jobId: _, ...kept } = JSON.parse(opts ?? '') as { jobId?: string };
      return { ...rest, kept, assignment: JSON.parse(data ?? '') as Assignment };
    }),
  );
  return { waiting, sign, tickets };
}

test.each(['do it', '"} \\ \u2028 é', 'x'.repeat(100_000)])(
  "a ticket is what BullMQ itself would have made of it, whatever the prompt: '%.20s'",
  async (prompt) => {
    await assign(prompt);
    const [ours] = (await ticketsOf(keys)).tickets;
    expect(ours?.assignment).toMatchObject({ job: 'j-1', lease: 1, attempt: 1, spec: { prompt } });
    const bull = new Queues(queues.redis, bullKeys);
    const options = { jobId: 'j-1.1', removeOnComplete: true, removeOnFail: true };
    await bull.worker(worker).add('assignment', ours?.assignment, options);
    expect(await ticketsOf(keys)).toEqual(await ticketsOf(bullKeys));
    await bull.close();
  },
);
