import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { FakeContainerRuntime, InstantEngine, jobRef } from '@remuda/testing';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster, type Cluster } from './in-process-cluster.js';

const poll = { timeout: 20_000, interval: 20 };
const pools = async (cluster: Cluster) => (await cluster.pools.pools()).filter(({ profile }) => profile === 'default');

/** Has the next scheduler have these profiles, in place of those that there were. */
async function replaceScheduler(cluster: Cluster, id: string, names: readonly string[]): Promise<void> {
  for (const one of cluster.alive) await one.stop();
  cluster.alive.clear();
  const scheduler = cluster.makeScheduler(
    id,
    cluster.runtime,
    names.map((name) => ({ ...cluster.profile, name })),
  );
  cluster.alive.add(scheduler);
  await scheduler.start();
}

async function submit(cluster: Cluster, runAt?: number): Promise<string> {
  const id = `j-${randomUUID()}`;
  await cluster.store.submit([{ id, spec: specOf(runAt === undefined ? {} : { runAt }) }]);
  return id;
}

test('jobs of a profile that was removed are seen, can be cancelled, and start when it is there again', async () => {
  await using redis = await startRedis();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine() });
  try {
    await cluster.controls.pause('default', 'so that they wait');
    const [kept, unwanted] = [await submit(cluster), await submit(cluster)];
    await submit(cluster, Date.now() + 3_600_000);
    await replaceScheduler(cluster, 's-without', ['other']);
    const left = { removed: true, warm: 0, max: 0, waiting: 2, delayed: 1, running: 0 };
    await expect.poll(() => pools(cluster), poll).toMatchObject([left]);
    expect(await cluster.figures()).toMatch(/^remuda_orphaned_jobs\{profile="default".*\} 3$/m);
    expect(await cluster.pools.profiles()).toEqual(['other']);
    expect(await cluster.store.cancel(jobRef(unwanted), 'not wanted')).toEqual({ kind: 'cancelled' });
    expect(await pools(cluster)).toMatchObject([{ ...left, waiting: 1 }]);
    await replaceScheduler(cluster, 's-with', ['other', 'default']);
    await cluster.controls.resume('default');
    await expect.poll(async () => (await cluster.store.find(jobRef(kept)))?.state, poll).toBe('succeeded');
    expect((await pools(cluster))[0]).not.toHaveProperty('removed');
  } finally {
    await cluster.stop();
  }
});

test('a job that runs while its profile is removed ends as ever, or goes back where it is seen to wait', async () => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
  try {
    const first = await submit(cluster);
    const one = await engines.next();
    const second = await submit(cluster);
    const two = await engines.next();
    await replaceScheduler(cluster, 's-without', ['other']);
    await expect.poll(() => pools(cluster), poll).toMatchObject([{ removed: true, running: 2 }]);
    one.succeed();
    await expect.poll(async () => (await cluster.store.find(jobRef(first)))?.state, poll).toBe('succeeded');
    two.fail({ code: 'engine.session_broken', message: 'It broke.' });
    await expect.poll(() => pools(cluster), poll).toMatchObject([{ removed: true, waiting: 1, running: 0 }]);
    expect(await cluster.store.find(jobRef(second))).toMatchObject({ state: 'queued' });
  } finally {
    await cluster.stop();
  }
});

test('a container of a removed profile that belongs to no worker is removed, though nobody leads its pool', async () => {
  await using redis = await startRedis();
  const runtime = new FakeContainerRuntime();
  const left = { worker: 'w-left', profile: 'old', image: 'worker:1', env: {}, fingerprint: 'f-1', network: 'none' };
  await runtime.start({ ...left, resources: { memoryMb: 64, diskMb: 64, cpus: 1, pids: 64 } });
  const engine = (): InstantEngine => new InstantEngine();
  const profile = { pool: { warm: 0, max: 1 } };
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine, kubernetes: runtime, profile });
  try {
    await expect.poll(() => runtime.list(), poll).toEqual([]);
  } finally {
    await cluster.stop();
  }
});

test('a profile that was removed and of which nothing is left is not shown', async () => {
  await using redis = await startRedis();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine() });
  try {
    await replaceScheduler(cluster, 's-without', ['other']);
    await expect.poll(() => pools(cluster), poll).toEqual([]);
  } finally {
    await cluster.stop();
  }
});
