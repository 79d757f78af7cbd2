import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { WorkerRegistry } from '@remuda/redis';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { InProcessRuntime, specOf, startInProcessCluster } from './in-process-cluster.js';

test('a scheduler on another engine takes a container that it can not see for no proof of death', async () => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    engine: () => engines.make(),
    profile: { pool: { warm: 1, max: 4 }, recycle: { afterJobs: 100, afterMs: 3_600_000, idleMs: 3_600_000 } },
  });
  const elsewhere = new InProcessRuntime(() => engines.make(), undefined, undefined, 'another engine');
  const onEngine = async (name: string) => (await cluster.pools.workers()).filter(({ engine }) => engine === name);
  try {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf({ prompt: id }) }]);
    const turn = await engines.next();
    turn.say('it runs');
    await expect.poll(async () => (await cluster.store.find(jobRef(id)))?.state).toBe('running');
    const { worker = '' } = (await cluster.store.find(jobRef(id))) ?? {};
    const there = cluster.makeScheduler('s-there', elsewhere);
    cluster.alive.add(there);
    await there.start();

    // Nobody owns the workers of the first engine any more, and the other scheduler looks at them again and again.
    cluster.kill(cluster.schedulers[0]!);
    const owner = () => cluster.redis.get(cluster.keys.workerOwner(worker));
    await expect.poll(owner, { timeout: 30_000 }).toBeNull();
    const looks = vi.spyOn(WorkerRegistry.prototype, 'all');
    await expect.poll(() => looks.mock.calls.length, { timeout: 30_000 }).toBeGreaterThan(10);
    looks.mockRestore();
    expect(await owner()).toBeNull();
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'running', worker, attempt: 1, requeues: 0 });
    expect((await onEngine('in-process')).map((one) => one.id)).toContain(worker);

    // One that sees its containers takes them over, with the job.
    const again = cluster.makeScheduler('s-again');
    cluster.alive.add(again);
    await again.start();
    await expect.poll(owner, { timeout: 30_000 }).toBe('s-again');
    turn.succeed();
    await expect.poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000 }).toBe('succeeded');
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ worker, attempt: 1, failures: 0, requeues: 0 });

    // Each removes containers of its own engine only, and the jobs that come go on either.
    const more = [`j-${randomUUID()}`, `j-${randomUUID()}`];
    for (const other of more) await cluster.store.submit([{ id: other, spec: specOf({ prompt: other }) }]);
    for (const _ of more) {
      const given = await engines.next();
      expect(more).toContain(given.turn.prompt);
      given.succeed();
    }
    for (const other of more)
      await expect
        .poll(async () => (await cluster.store.find(jobRef(other)))?.state, { timeout: 20_000 })
        .toBe('succeeded');
  } finally {
    await cluster.stop();
    for (const seen of await elsewhere.list()) await elsewhere.stop(seen.worker);
  }
}, 120_000);
