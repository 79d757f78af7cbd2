import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { spareMemory, type JobSpec, type PermissionMode } from '@remuda/domain';
import { InstantEngine, jobRef } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

const limit = { timeout: 120_000, interval: 50 };

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

/** An engine without a spare process, which remembers what it is told about one. */
class TellingEngine extends InstantEngine {
  told: (PermissionMode | 'none')[] = [];

  keepSpare(mode: PermissionMode | undefined): void {
    this.told.push(mode ?? 'none');
  }
}

/** A cluster whose workers take many jobs each, so that what they are told is told while they live. */
async function watched(namespace: string, schedulers = 1) {
  const engines: TellingEngine[] = [];
  const engine = (): TellingEngine => {
    const one = new TellingEngine();
    engines.push(one);
    return one;
  };
  const cluster = await startInProcessCluster({
    ...{ redisUrl: redis.url, namespace, engine, schedulers },
    profile: { pool: { warm: 2, max: 2 }, recycle: { afterJobs: 1_000, afterMs: 3_600_000, idleMs: 3_600_000 } },
  });
  const run = async (count: number, own: Partial<JobSpec> = {}): Promise<void> => {
    const jobs = Array.from({ length: count }, () => ({ id: `j-${randomUUID()}`, spec: specOf(own) }));
    await cluster.store.submit(jobs);
    const states = async (): Promise<readonly (string | undefined)[]> =>
      Promise.all(jobs.map(async ({ id }) => (await cluster.store.find(jobRef(id)))?.state));
    await expect.poll(states, limit).toEqual(jobs.map(() => 'succeeded'));
  };
  return {
    engines,
    run,
    pool: async () => (await cluster.pools.pools())[0],
    last: () => engines.map(({ told }) => told.at(-1)),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}

test('idle workers keep a spare once a job had use for it, and no longer after twenty jobs that had not', async () => {
  await using cluster = await watched(`spares-${randomUUID()}`);
  await cluster.run(1);
  expect((await cluster.pool())?.spare).toBeUndefined();
  await cluster.run(1, { appendSystemPrompt: 'x' });
  await expect.poll(cluster.last, limit).toEqual(['bypassPermissions', 'bypassPermissions']);
  await expect
    .poll(cluster.pool, limit)
    .toMatchObject({ spare: { permissionMode: 'bypassPermissions', jobsSince: 0 } });
  await cluster.run(spareMemory.jobs);
  await expect.poll(cluster.last, limit).toEqual(['none', 'none']);
  await expect.poll(async () => (await cluster.pool())?.spare, limit).toBeUndefined();
}, 300_000);

test('the spare is in the permission mode that the jobs need', async () => {
  await using cluster = await watched(`spares-${randomUUID()}`);
  await cluster.run(1, { permissionMode: 'plan' });
  await expect.poll(cluster.last, limit).toEqual(['plan', 'plan']);
}, 300_000);

test('all schedulers agree, and one that comes later knows what the jobs before it needed', async () => {
  const namespace = `spares-${randomUUID()}`;
  {
    await using before = await watched(namespace, 2);
    await before.run(1, { outputSchema: { type: 'object' } });
    await expect.poll(before.last, limit).toEqual(['bypassPermissions', 'bypassPermissions']);
  }
  await using after = await watched(namespace);
  await expect.poll(after.pool, limit).toMatchObject({ spare: { permissionMode: 'bypassPermissions' } });
}, 300_000);
