import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Assignment } from '@remuda/domain';
import { redisKeys } from '@remuda/protocol';
import { ProfileQueue, Queues, connectRedis } from '@remuda/queue';
import { ManualClock } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';
import { assignJob, worker } from './assign-job.js';

const keys = redisKeys('t');
const bullKeys = redisKeys('bull');
const clock = new ManualClock(Date.now());
let server: TestRedis;
let queues: Queues;
let queue: ProfileQueue;

beforeEach(async () => {
  server = await startRedis();
  queues = new Queues(connectRedis(server.url, { name: 'test' }), keys);
  queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
});

afterEach(async () => {
  await queue.close();
  await queues.close();
  queues.redis.disconnect();
  await server.close();
});

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

test.each([
  ['plain', 'do it'],
  ['full of what JSON escapes', '"} \\ \u2028 é'],
  ['long', 'x'.repeat(100_000)],
])('a ticket is what BullMQ itself would have made of it, where the prompt is %s', async (_, prompt) => {
  await assignJob({ queues, queue, clock }, 'j-1', prompt);
  const [ours] = (await ticketsOf(keys)).tickets;
  expect(ours?.assignment).toMatchObject({ job: 'j-1', lease: 1, attempt: 1, spec: { prompt } });
  const bull = new Queues(queues.redis, bullKeys);
  const options = { jobId: 'j-1.1', removeOnComplete: true, removeOnFail: true };
  await bull.worker(worker).add('assignment', ours?.assignment, options);
  expect(await ticketsOf(keys)).toEqual(await ticketsOf(bullKeys));
  await bull.close();
});
