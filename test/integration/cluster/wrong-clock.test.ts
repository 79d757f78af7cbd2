import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { systemClock } from '@remuda/runtime';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

const hourMs = 3_600_000;

test.each([
  ['ahead', hourMs],
  ['behind', -hourMs],
])('a worker whose clock is an hour %s ends its attempt by its own time, and stays heard', async (_, offMs) => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    engine: () => engines.make(),
    workerClock: { ...systemClock, now: () => Date.now() + offMs },
  });
  const submit = async (timeoutMs: number): Promise<string> => {
    const id = `j-${randomUUID()}`;
    await cluster.book.submit([{ id, spec: specOf({ timeoutMs, attempts: 1 }) }]);
    return id;
  };
  const over = (id: string) => expect.poll(async () => (await cluster.book.find(id))?.state, { timeout: 20_000 });
  try {
    const short = await submit(1_500);
    const long = await submit(60_000);
    const turns = [await engines.next(), await engines.next()];
    await over(short).toBe('failed');
    // By its worker, which would else be ended from outside ten seconds later.
    expect(await cluster.book.find(short)).toMatchObject({ failure: { code: 'job.timed_out' }, attempt: 1 });
    expect(await cluster.deadLetters.attempts(short)).toMatchObject([
      { failure: { message: 'The attempt reached its timeoutMs.' } },
    ]);
    for (const turn of turns) turn.succeed();
    await over(long).toBe('succeeded');
    expect(await cluster.book.find(long)).toMatchObject({ attempt: 1, requeues: 0 });
  } finally {
    await cluster.stop();
  }
});
