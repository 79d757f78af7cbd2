import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Clock } from '@remuda/domain';
import { systemClock } from '@remuda/runtime';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

const hourMs = 3_600_000;
const recycle = { afterJobs: 100, afterMs: 24 * hourMs, idleMs: 24 * hourMs };

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
    await cluster.store.submit([{ id, spec: specOf({ timeoutMs, attempts: 1 }) }]);
    return id;
  };
  const over = (id: string) =>
    expect.poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000 });
  try {
    const short = await submit(1_500);
    const long = await submit(60_000);
    const turns = [await engines.next(), await engines.next()];
    await over(short).toBe('failed');
    // By its worker, which would else be ended from outside ten seconds later.
    expect(await cluster.store.find(jobRef(short))).toMatchObject({ failure: { code: 'job.timed_out' }, attempt: 1 });
    expect(await cluster.deadLetters.attempts(jobRef(short))).toMatchObject([
      { failure: { message: 'The attempt reached its timeoutMs.' } },
    ]);
    for (const turn of turns) turn.succeed();
    await over(long).toBe('succeeded');
    expect(await cluster.store.find(jobRef(long))).toMatchObject({ attempt: 1, requeues: 0 });
  } finally {
    await cluster.stop();
  }
});

/** A machine's clock that can be set. */
function clockThatIsOff(offMs = 0): Clock & { offMs: number } {
  const clock = { ...systemClock, offMs, now: () => Date.now() + clock.offMs };
  return clock;
}

test('schedulers whose clocks are two hours apart agree on when a job is due', async () => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    engine: () => engines.make(),
    schedulers: 2,
    schedulerClock: (id) => clockThatIsOff(id === 's-0' ? hourMs : -hourMs),
    profile: { pool: { warm: 4, max: 4 }, recycle },
  });
  try {
    const runAt = Date.now() + 3_000;
    const ids = Array.from({ length: 4 }, () => `j-${randomUUID()}`);
    await cluster.store.submit(ids.map((id) => ({ id, spec: specOf({ runAt, ttlMs: 30_000, attempts: 2 }) })));
    for (const _ of ids) {
      const turn = await engines.next();
      // Tried again after a pause, which the scheduler that hears of it names, and any other one may see the end of.
      turn.fail({ code: 'engine.crashed', message: 'It ended.' });
    }
    for (const _ of ids) (await engines.next()).succeed();
    for (const id of ids) {
      await expect
        .poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 30_000 })
        .toBe('succeeded');
      const { times, attempt } = (await cluster.store.find(jobRef(id)))!;
      expect(attempt).toBe(2);
      expect(times.requeuedAt).toBeGreaterThanOrEqual(runAt);
      expect(Math.abs((times.overAt ?? 0) - Date.now())).toBeLessThan(60_000);
    }
  } finally {
    await cluster.stop();
  }
}, 90_000);

test.each([
  ['suspended for two hours', 2 * hourMs],
  ['set back by an hour', -hourMs],
])(
  'a job that runs while all machines are %s goes on, and so does what comes',
  async (_, jumpMs) => {
    await using redis = await startRedis();
    const engines = new LedEngines();
    const clock = clockThatIsOff();
    const cluster = await startInProcessCluster({
      redisUrl: redis.url,
      engine: () => engines.make(),
      workerClock: clock,
      schedulerClock: () => clock,
      profile: { pool: { warm: 2, max: 2 }, recycle },
    });
    const submit = async (spec: Partial<Parameters<typeof specOf>[0]> = {}): Promise<string> => {
      const id = `j-${randomUUID()}`;
      await cluster.store.submit([{ id, spec: specOf({ timeoutMs: 60_000, ...spec }) }]);
      return id;
    };
    try {
      const running = await submit();
      const turn = await engines.next();
      const before = (await cluster.pools.workers()).map(({ id }) => id).sort();
      // The clock of the wall moves and the monotonic one does not: so a machine finds itself that was suspended.
      clock.offMs = jumpMs;
      const next = await submit({ ttlMs: 20_000 });
      (await engines.next()).succeed();
      await expect
        .poll(async () => (await cluster.store.find(jobRef(next)))?.state, { timeout: 20_000 })
        .toBe('succeeded');
      turn.succeed();
      await expect
        .poll(async () => (await cluster.store.find(jobRef(running)))?.state, { timeout: 20_000 })
        .toBe('succeeded');
      for (const id of [running, next])
        expect(await cluster.store.find(jobRef(id))).toMatchObject({ attempt: 1, failures: 0, requeues: 0 });
      expect((await cluster.pools.workers()).map(({ id }) => id).sort()).toEqual(before);
    } finally {
      await cluster.stop();
    }
  },
  60_000,
);
