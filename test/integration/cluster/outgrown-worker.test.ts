import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { InstantEngine, jobRef } from '@remuda/testing';
import { noUsage } from '@remuda/domain';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

test('a worker above its memory limit is replaced between two jobs, and not while it has one', async () => {
  await using redis = await startRedis();
  let memoryMb = 10;
  const engine = () =>
    new InstantEngine(
      async ({ prompt }) => {
        if (prompt === 'grow') memoryMb = 100_000;
        return { kind: 'succeeded', result: { text: 'done', turns: 1, usage: noUsage, costUsd: 0 } };
      },
      () => memoryMb,
    );
  const recycle = { afterJobs: 1_000, afterMs: 3_600_000, idleMs: 3_600_000, aboveRssMb: 50_000 };
  const pool = { warm: 1, max: 1 };
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine, profile: { recycle, pool } });
  const run = async (prompt: string) => {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf({ prompt }) }]);
    await expect
      .poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000, interval: 2 })
      .toBe('succeeded');
    return cluster.store.find(jobRef(id));
  };
  try {
    const small = await run('stay small');
    const grown = await run('grow');
    expect(grown).toMatchObject({ state: 'succeeded', attempt: 1, worker: small?.worker });
    // The next one is there already when the worker says that it's idle again.
    const next = await run('after it');
    expect(next).toMatchObject({ state: 'succeeded', attempt: 1, requeues: 0 });
    expect(next?.worker).not.toBe(grown?.worker);
    // Its successor is as large, before its first job and after it.
    const last = await run('at last');
    expect(last?.worker).not.toBe(next?.worker);
    await expect
      .poll(async () => (await cluster.pools.workers())[0]?.rssMb ?? 0, { timeout: 10_000 })
      .toBeGreaterThan(100_000);
  } finally {
    await cluster.stop();
  }
});

test('a worker’s heartbeats say which Claude Code it has', async () => {
  await using redis = await startRedis();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine() });
  try {
    const { version } = new InstantEngine();
    const told = async () => (await cluster.pools.workers()).map(({ claudeVersion }) => claudeVersion);
    await expect.poll(told, { timeout: 20_000 }).toContain(version);
  } finally {
    await cluster.stop();
  }
});
