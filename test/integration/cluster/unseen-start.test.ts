import { randomUUID } from 'node:crypto';
import { Queues, WorkerRegistry, redisKeys } from '@remuda/redis';
import { connectRaw, presenceOf } from '@remuda/redis/testing';
import { expect, test } from 'vitest';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { startInProcessCluster } from './in-process-cluster.js';

test('a worker whose scheduler died before there was a container leaves its place to another one soon', async () => {
  await using redis = await startRedis();
  const namespace = `t-${randomUUID().slice(0, 8)}`;
  const keys = redisKeys(namespace);
  const client = connectRaw(redis.url, { name: 'dead-scheduler' });
  const queues = new Queues(client, keys);
  await presenceOf(queues, 's-dead').own([keys.poolLeader('default')]);
  const phantom = { id: 'w-default-phantom', profile: 'default', fingerprint: '', engine: 'in-process', afterJobs: 1 };
  await new WorkerRegistry(queues, presenceOf(queues, 's-dead')).register({ ...phantom, startedAt: Date.now() });
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({
    ...{ redisUrl: redis.url, namespace, engine: () => engines.make() },
    profile: { pool: { warm: 1, max: 1 } },
  });
  const phases = async () =>
    (await cluster.pools.workers()).map(({ id, phase }) => `${id === phantom.id ? 'phantom' : 'worker'} ${phase}`);
  try {
    expect(await phases()).toContain('phantom starting');
    // A start is given up after a minute at the earliest.
    await expect.poll(phases, { timeout: 30_000 }).toEqual(['worker idle']);
  } finally {
    await queues.close();
    client.disconnect();
    await cluster.stop();
  }
}, 60_000);
