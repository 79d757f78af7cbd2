import { Worker as BullConsumer } from 'bullmq';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Assignment } from '@remuda/domain';
import { ProfileQueue, Queues, RedisWorkerLine, redisKeys } from '@remuda/redis';
import { commandsOf, connectRaw } from '@remuda/redis/testing';
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
  queues = new Queues(connectRaw(server.url, { name: 'test' }), keys);
  queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
});

afterEach(async () => {
  await queue.close();
  await queues.close();
  queues.connection.close();
  await server.close();
});

/** All that says what a worker's queue holds, but what only other consumers would look at. */
async function ticketsOf(of: typeof keys) {
  const redis = commandsOf(queues.connection);
  const at = (name: string) => of.ticket(worker, name);
  const lists = await Promise.all(['wait', 'active'].map((name) => redis.lrange(at(name), 0, -1)));
  const { timestamp, processedOn, opts, data, ...rest } = await redis.hgetall(at('j-1.1'));
  for (const time of [timestamp, processedOn]) expect(Number(time)).toBeGreaterThan(0);
  const { jobId: _, ...kept } = JSON.parse(opts ?? '') as { jobId?: string };
  const lock = [await redis.get(at('j-1.1:lock')), (await redis.pttl(at('j-1.1:lock'))) > 86_400_000];
  return { lists, rest, kept, lock, assignment: JSON.parse(data ?? '') as Assignment };
}

test.each([
  ['plain', 'do it'],
  ['full of what JSON escapes', '"} \\ \u2028 é'],
  ['long', 'x'.repeat(100_000)],
])('a ticket is what BullMQ itself would have made of it and taken, where the prompt is %s', async (_, prompt) => {
  await assignJob({ queues, queue, clock }, 'j-1', prompt);
  const ours = await ticketsOf(keys);
  expect(ours.assignment).toMatchObject({ job: 'j-1', lease: 1, attempt: 1, spec: { prompt } });
  const theirs = await takenByBull(ours.assignment);
  expect(ours).toEqual(await ticketsOf(bullKeys));
  await theirs.end();
});

/** Has BullMQ itself put an assignment into the worker's queue and taken it, under the prefix that is BullMQ's here. */
async function takenByBull(assignment: unknown): Promise<{ end(): Promise<void> }> {
  await addAsBull(assignment);
  const connection = connectRaw(server.url, { name: 'theirs' });
  const consumer = new BullConsumer(keys.workerQueue(worker), null, {
    connection,
    prefix: bullKeys.bull,
    autorun: false,
    lockDuration: 25 * 3_600_000,
    name: worker,
  });
  const job = await consumer.getNextJob(worker, { block: false });
  const end = async (): Promise<void> => {
    await job.moveToCompleted(null, worker, false);
    await consumer.close(true);
    connection.disconnect();
  };
  return { end };
}

/** Has BullMQ itself put an assignment into the worker's queue, under the prefix that is BullMQ's here. */
async function addAsBull(assignment: unknown): Promise<void> {
  const bull = new Queues(queues.connection, bullKeys);
  const options = { jobId: 'j-1.1', removeOnComplete: true, removeOnFail: true };
  await bull.worker(worker).add('assignment', assignment, options);
  await bull.close();
}

/** Keys of the worker's queue; BullMQ's sign, event stream, counter and notes are left out. */
async function leftOf(of: typeof keys): Promise<string[]> {
  const [empty, notes] = [of.ticket(worker, ''), /:(?:marker|events|meta|id)$/];
  return (await commandsOf(queues.connection).keys(`${empty}*`)).filter((key) => !notes.test(key));
}

/** The worker takes from its queue until the test is over; each assignment is carried out when it is let go. */
function openLine(): { taken: string[]; letGo: () => void; line: RedisWorkerLine } {
  const line = new RedisWorkerLine(() => connectRaw(server.url, { name: 'line' }), keys, worker);
  const taken: string[] = [];
  let letGo = (): void => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  line.open({
    carryOut: ({ job, lease }) => {
      taken.push(`${job}.${lease}`);
      return gate;
    },
    refuse: () => Promise.resolve(),
    onControl: () => undefined,
  });
  return { taken, letGo: () => letGo(), line };
}

test('a ticket that is carried out leaves what BullMQ itself would have left: nothing', async () => {
  await assignJob({ queues, queue, clock }, 'j-1');
  const theirs = await takenByBull((await ticketsOf(keys)).assignment);
  const { taken, letGo, line } = openLine();
  await vi.waitFor(() => expect(taken).toEqual(['j-1.1']));
  await theirs.end();
  letGo();
  await vi.waitFor(async () => expect(await leftOf(keys)).toEqual([]));
  expect(await leftOf(bullKeys)).toEqual([]);
  await line.close();
});

test('a ticket is given as soon as it is there, and another one after it', async () => {
  const { taken, letGo, line } = openLine();
  await assignJob({ queues, queue, clock }, 'j-1');
  await vi.waitFor(() => expect(taken).toEqual(['j-1.1']));
  letGo();
  await vi.waitFor(async () => expect(await leftOf(keys)).toEqual([]));
  await assignJob({ queues, queue, clock }, 'j-2');
  await vi.waitFor(() => expect(taken).toEqual(['j-1.1', 'j-2.1']));
  await line.close();
});

test('a ticket whose assignment is gone is passed over', async () => {
  await commandsOf(queues.connection).lpush(keys.ticket(worker, 'active'), 'j-0.1');
  await assignJob({ queues, queue, clock }, 'j-1');
  const { taken, line } = openLine();
  await vi.waitFor(() => expect(taken).toEqual(['j-1.1']), { timeout: 10_000 });
  await line.close();
});
