import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewEvent } from '@remuda/domain';
import { decodeReports } from '@remuda/protocol';
import { RedisWorkerLine, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { startRedis, type TestRedis } from '../redis.js';

const keys = redisKeys('line');
const delta = (text: string): NewEvent => ({ type: 'message.delta', at: 1, data: { text } });
const heartbeat = { kind: 'heartbeat', phase: 'busy', rssMb: 64 } as const;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

/** What a worker said, entry by entry. */
async function heardFrom(
  worker: string,
  speak: (line: RedisWorkerLine) => unknown,
): Promise<ReturnType<typeof decodeReports>[]> {
  const line = new RedisWorkerLine(() => connectRaw(redis.url, { name: worker }), keys, worker);
  await speak(line);
  await line.close();
  const reader = connectRaw(redis.url, { name: 'reader' });
  const entries = await reader.xrange(keys.workerOut(worker), '-', '+');
  reader.disconnect();
  return entries.map(([, fields]) => decodeReports(fields[1] ?? ''));
}

test('a heartbeat goes along with the events that wait, and does not part them', async () => {
  const heard = await heardFrom('w-1', (line) => {
    line.tell('job', 1, delta('a'), 0);
    void line.say(heartbeat);
    line.tell('job', 1, delta('b'), 1);
  });
  expect(heard).toEqual([[heartbeat, { kind: 'events', job: 'job', lease: 1, events: [delta('a'), delta('b')] }]]);
});

test('a heartbeat for which nothing waits goes by itself at once', async () => {
  const heard = await heardFrom('w-2', async (line) => {
    await line.say(heartbeat);
    line.tell('job', 1, delta('a'), 0);
  });
  expect(heard).toEqual([[heartbeat], [{ kind: 'events', job: 'job', lease: 1, events: [delta('a')] }]]);
});

test('what is no heartbeat waits for no batch, and comes after what was said before it', async () => {
  const end = { kind: 'phase', phase: 'draining' } as const;
  const heard = await heardFrom('w-3', async (line) => {
    line.tell('job', 1, delta('a'), 0);
    await line.say(end);
  });
  expect(heard.flat()).toEqual([{ kind: 'events', job: 'job', lease: 1, events: [delta('a')] }, end]);
});

test('an event goes at once where none is under way, and what is told meanwhile goes together after it', async () => {
  const line = new RedisWorkerLine(() => connectRaw(redis.url, { name: 'w-4' }), keys, 'w-4');
  await line.probe();
  const reader = connectRaw(redis.url, { name: 'reader' });
  const out = keys.workerOut('w-4');
  line.tell('job', 1, delta('a'), 0);
  // The first is on its way; nothing but its arrival lets the others go.
  await new Promise(setImmediate);
  line.tell('job', 1, delta('b'), 0);
  line.tell('job', 1, delta('c'), 0);
  await expect.poll(() => reader.xlen(out), { timeout: 20_000 }).toBe(2);
  const entries = await reader.xrange(out, '-', '+');
  const reports = (entries as [string, string[]][]).map(([, fields]) => decodeReports(fields[1] ?? ''));
  expect(reports).toEqual([
    [{ kind: 'events', job: 'job', lease: 1, events: [delta('a')] }],
    [{ kind: 'events', job: 'job', lease: 1, events: [delta('b'), delta('c')] }],
  ]);
  reader.disconnect();
  await line.close();
});
