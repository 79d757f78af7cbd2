import { randomUUID } from 'node:crypto';
import { InstantEngine } from '@remuda/testing';
import { describe, expect, test } from 'vitest';
import { buildWith, docker, dockerPlace, engineAnswers } from '../../contract/containers/docker-fixture.js';
import { startRedis } from '../redis.js';
import { startInProcessCluster, type Cluster } from './in-process-cluster.js';

const timeout = 30_000;
const recycle = { afterJobs: 1_000, afterMs: 3_600_000, idleMs: 3_600_000 };

/** The idle workers, once there are as many as the pool wants. */
async function idleOnes(cluster: Cluster): Promise<readonly string[]> {
  await expect.poll(async () => (await cluster.pools.pools())[0]?.workers.idle, { timeout }).toBe(2);
  const workers = await cluster.pools.workers();
  return workers.filter(({ phase }) => phase === 'idle').map(({ id }) => id);
}

test('idle workers of an image that was replaced under its name leave, and new ones come', async () => {
  await using redis = await startRedis();
  let release = 'first';
  const releaseOf = () => Promise.resolve(release);
  const options = { redisUrl: redis.url, engine: () => new InstantEngine(), releaseOf };
  const cluster = await startInProcessCluster({ ...options, profile: { recycle } });
  try {
    const old = await idleOnes(cluster);
    release = 'second';
    const gone = async () => (await cluster.pools.workers()).filter(({ id }) => old.includes(id));
    await expect.poll(gone, { timeout }).toEqual([]);
    expect((await idleOnes(cluster)).filter((id) => old.includes(id))).toEqual([]);
    expect((await cluster.pools.workers()).map((worker) => worker.release)).toEqual(['second', 'second']);
    expect(await cluster.figures()).toMatch(/^remuda_workers_recycled_total\{.*reason="stale".*\} 2$/m);
  } finally {
    await cluster.stop();
  }
});

describe.skipIf(!engineAnswers)('with a Docker engine', () => {
  test('a tag that is built again from the same replaces no worker, and one from something else replaces all', async () => {
    await using redis = await startRedis();
    const place = await dockerPlace();
    const image = `remuda-replaced-${randomUUID().slice(0, 8)}:latest`;
    await buildWith(image, 'one');
    const runtime = place.open();
    let looks = 0;
    const releaseOf = async (name: string) => {
      const release = await runtime.releaseOf(name);
      looks++;
      return release;
    };
    const options = { redisUrl: redis.url, engine: () => new InstantEngine(), releaseOf };
    const cluster = await startInProcessCluster({ ...options, profile: { image, recycle } });
    try {
      const old = await idleOnes(cluster);
      await buildWith(image, 'one');
      const before = looks;
      // Between two looks at the image the pool is looked over many times.
      await expect.poll(() => looks, { timeout }).toBeGreaterThan(before + 1);
      expect(await idleOnes(cluster)).toEqual(old);
      await buildWith(image, 'two');
      const gone = async () => (await cluster.pools.workers()).filter(({ id }) => old.includes(id));
      await expect.poll(gone, { timeout }).toEqual([]);
      const id = await docker('image', 'inspect', '-f', '{{.Id}}', image);
      await idleOnes(cluster);
      expect((await cluster.pools.workers()).map((worker) => worker.release)).toEqual([id, id]);
    } finally {
      await cluster.stop();
      await runtime.close();
      await place.close();
      await docker('rmi', '-f', image);
    }
  });
});
