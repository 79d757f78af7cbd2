import { Worker as BullConsumer } from 'bullmq';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Assignment } from '@remuda/domain';
import { redisKeys } from '@remuda/protocol';
import { ProfileQueue, Queues, WorkerLine, connectRedis } from '@remuda/queue';
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
  await addAsBull(ours?.assignment);
  expect(await ticketsOf(keys)).toEqual(await ticketsOf(bullKeys));
});

/** Has BullMQ itself put an assignment into the worker's queue, under the prefix that is BullMQ's here. */
async function addAsBull(assignment: unknown): Promise<void> {
  const bull = new Queues(queues.redis, bullKeys);
  const options = { jobId: 'j-1.1', removeOnComplete: true, removeOnFail: true };
  await bull.worker(worker).add('assignment', assignment, options);
  await bull.close();
}

/** All that says what became of the ticket, but what only other consumers would look at. */
async function takenFrom(of: typeof keys) {
  const { redis } = queues;
  const at = (name: string) => of.ticket(worker, name);
  const { timestamp, processedOn, opts: _opts, ...rest } = await redis.hgetall(at('j-1.1'));
  for (const time of [timestamp, processedOn]) expect(Number(time)).toBeGreaterThan(0);
  return {
    rest,
    lists: await Promise.all(['wait', 'active'].map((name) => redis.lrange(at(name), 0, -1))),
    lock: [await redis.get(at('j-1.1:lock')), (await redis.pttl(at('j-1.1:lock'))) > 86_400_000],
  };
}

/** Keys of the worker's queue; BullMQ's sign, event stream, counter and notes are left out. */
async function leftOf(of: typeof keys): Promise<string[]> {
  const [empty, notes] = [of.ticket(worker, ''), /:(?:marker|events|meta|id)$/];
  return (await queues.redis.keys(`${empty}*`)).filter((key) => !notes.test(key));
}

/** The worker takes from its queue until the test is over; each assignment is carried out when it is let go. */
function openLine(): { taken: string[]; letGo: () => void; line: WorkerLine } {
  const line = new WorkerLine(() => connectRedis(server.url, { name: 'line' }), keys, worker);
  const taken: string[] = [];
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  line.open({
    carryOut: ({ job, lease }) => {
      taken.push(`${job}.${lease}`);
      return gate;
    },
    onControl: () => undefined,
  });
  return { taken, letGo: () => letGo(), line };
}

test('a ticket that is taken, and one that is carried out, leave what BullMQ itself would have left', async () => {
  await assignJob({ queues, queue, clock }, 'j-1');
  await addAsBull((await ticketsOf(keys)).tickets[0]?.assignment);
  const connection = connectRedis(server.url, { name: 'theirs' });
  const theirs = new BullConsumer(keys.workerQueue(worker), null, {
    connection,
    prefix: bullKeys.bull,
    autorun: false,
    lockDuration: 25 * 3_600_000,
    name: worker,
  });
  const job = await theirs.getNextJob(worker, { block: false });
  const { taken, letGo, line } = openLine();
  await vi.waitFor(() => expect(taken).toEqual(['j-1.1']));
  const { rest, ...place } = await takenFrom(keys);
  const { rest: theirRest, ...theirPlace } = await takenFrom(bullKeys);
  expect(place).toEqual(theirPlace);
  expect({ ...rest, data: JSON.parse(rest['data'] ?? '') as unknown }).toEqual({
    ...theirRest,
    data: JSON.parse(theirRest['data'] ?? '') as unknown,
  });
  await job.moveToCompleted(null, worker, false);
  letGo();
  await vi.waitFor(async () => expect(await leftOf(keys)).toEqual([]));
  expect(await leftOf(bullKeys)).toEqual([]);
  await Promise.all([line.close(), theirs.close(true)]);
  connection.disconnect();
});

test('a ticket whose taking was never answered is given again', async () => {
  await assignJob({ queues, queue, clock }, 'j-1');
  await queues.redis.rpoplpush(keys.ticket(worker, 'wait'), keys.ticket(worker, 'active'));
  const { taken, line } = openLine();
  await vi.waitFor(() => expect(taken).toEqual(['j-1.1']));
  await line.close();
});
