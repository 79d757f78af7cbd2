import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { RedisLeases, presentMs } from '@remuda/redis';
import { InstantEngine, jobRef } from '@remuda/testing';
import { LedEngines } from '../api/led-engine.js';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster, type Cluster } from './in-process-cluster.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await redis.close();
});

/**
 * Lets two schedulers begin, has a job run, ends the scheduler that holds it as the test wants, and measures how long
 * it takes until the other one owns the worker, by the owner's key.
 */
async function timeOfTakeover(
  end: (cluster: Cluster, owner: Cluster['schedulers'][number]) => Promise<void>,
): Promise<number> {
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make(), schedulers: 2 });
  try {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf() }]);
    const turn = await engines.next();
    const { worker = '' } = (await cluster.store.find(jobRef(id))) ?? {};
    const key = cluster.keys.workerOwner(worker);
    const before = (await cluster.redis.get(key)) ?? '';
    const began = performance.now();
    const owner = cluster.schedulers.find((_, i) => `s-${String(i)}` === before);
    expect(owner).toBeDefined();
    const ended = end(cluster, owner!);
    const taken = async (): Promise<boolean> => ![before, null].includes(await cluster.redis.get(key));
    await expect.poll(taken, { interval: 5, timeout: 20_000 }).toBe(true);
    const ms = performance.now() - began;
    await ended;
    turn.say('still here');
    turn.succeed();
    const types: string[] = [];
    for await (const batch of cluster.events.follow(jobRef(id), 0, AbortSignal.timeout(20_000)))
      types.push(...batch.map((event) => event.type));
    expect(types).toEqual(['job.queued', 'job.assigned', 'message.text', 'job.over']);
    expect(await cluster.store.find(jobRef(id))).toMatchObject({
      state: 'succeeded',
      attempt: 1,
      failures: 0,
      requeues: 0,
      worker,
    });
    return ms;
  } finally {
    await cluster.stop();
  }
}

test('a scheduler that is told to end hands its running jobs over, and nobody waits until it counts as absent', async () => {
  const ms = await timeOfTakeover(async (cluster, owner) => {
    cluster.alive.delete(owner);
    await owner.stop();
  });
  process.stdout.write(`handed over after ${ms.toFixed(0)} ms\n`);
  expect(ms).toBeLessThan(presentMs);
});

test('those of a scheduler that was killed are with another one when it counts as absent', async () => {
  const ms = await timeOfTakeover(async (cluster, owner) => {
    cluster.kill(owner);
    await Promise.resolve();
  });
  process.stdout.write(`taken over after ${ms.toFixed(0)} ms\n`);
  expect(ms).toBeLessThan(presentMs + 10_000);
});

test('a scheduler gives no job to a worker that another one has taken since the claim', async () => {
  const engine = () => new InstantEngine();
  const profile = { pool: { warm: 1, max: 1 } };
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine, profile });
  try {
    const answers: string[] = [];
    vi.spyOn(RedisLeases.prototype, 'assign').mockImplementationOnce(async function (this: RedisLeases, claim, worker) {
      await cluster.redis.set(cluster.keys.workerOwner(worker), 's-other', 'PX', 500);
      const answer = await this.assign(claim, worker);
      answers.push(answer.kind);
      return answer;
    });
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf() }]);
    const types: string[] = [];
    for await (const batch of cluster.events.follow(jobRef(id), 0, AbortSignal.timeout(20_000)))
      types.push(...batch.map((event) => event.type));
    expect(answers).toEqual(['elsewhere']);
    expect(types).toEqual(['job.queued', 'job.assigned', 'job.over']);
  } finally {
    await cluster.stop();
  }
});
