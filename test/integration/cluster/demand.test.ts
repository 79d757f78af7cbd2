import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FollowDemand, JobSpec } from '@remuda/domain';
import { InstantEngine } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

const limit = { timeout: 60_000, interval: 50 };

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

/** A cluster of up to six workers that begins with none; those above the target leave soon. */
async function following(follow: Partial<FollowDemand>) {
  const cluster = await startInProcessCluster({
    ...{ redisUrl: redis.url, engine: () => new InstantEngine() },
    profile: {
      pool: { warm: 0, max: 6, follow: { min: 0, hitRate: 0.95, quietMs: 600_000, ...follow } },
      recycle: { afterJobs: 1, afterMs: 3_600_000, idleMs: 200 },
    },
  });
  return {
    submit: async (count: number, own: Partial<JobSpec> = {}) =>
      cluster.store.submit(Array.from({ length: count }, () => ({ id: `j-${randomUUID()}`, spec: specOf(own) }))),
    /** The pool with the states of its jobs. */
    seen: async () => ({
      ...(await cluster.pools.pools())[0],
      succeeded: (await cluster.store.list({ state: 'succeeded', limit: 100 })).jobs.length,
    }),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
}

test('after a burst a pool that follows its demand keeps as many as the burst needed', async () => {
  await using pool = await following({});
  await pool.submit(4);
  await expect.poll(pool.seen, limit).toMatchObject({
    ...{ warm: 4, succeeded: 4, workers: { idle: 4, busy: 0 } },
    demand: { warm: 4, reason: 'demand', arrivals: 4, hits: 1 },
  });
}, 120_000);

test('after a quiet time it has no worker, and starts one for the next job', async () => {
  await using pool = await following({ quietMs: 1_500 });
  const none = { warm: 0, workers: { idle: 0, starting: 0, busy: 0 }, demand: { reason: 'quiet' } };
  await pool.submit(3);
  await expect.poll(pool.seen, limit).toMatchObject({ ...none, succeeded: 3 });
  await pool.submit(1);
  await expect.poll(pool.seen, limit).toMatchObject({ ...none, succeeded: 4 });
}, 120_000);

test('a job that is to run later does not count as one that came', async () => {
  await using pool = await following({});
  await pool.submit(3, { runAt: Date.now() + 3_600_000 });
  await pool.submit(1);
  await expect.poll(pool.seen, limit).toMatchObject({ succeeded: 1, delayed: 3, demand: { arrivals: 1 } });
}, 60_000);
