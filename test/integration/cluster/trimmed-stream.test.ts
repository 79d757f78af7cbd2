import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { JobEvent } from '@remuda/domain';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

test('what was trimmed of an event stream is declared, to whoever reads a page and to whoever follows', async () => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
  try {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf() }]);
    const turn = await engines.next();
    for (let i = 0; i < 5; i++) turn.say(`line ${String(i)}`);
    turn.succeed();
    await expect.poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 10_000 }).toBe('succeeded');
    await cluster.redis.xtrim(cluster.keys.events(id), 'MAXLEN', 1);
    const gap = { id: 7, type: 'stream.gap', data: { firstHeld: 8, missed: 7 } };
    const over = { id: 8, type: 'job.over' };
    expect((await cluster.events.page(jobRef(id), 0, 100)).events).toMatchObject([gap, over]);
    const followed: JobEvent[] = [];
    for await (const batch of cluster.events.follow(jobRef(id), 3, AbortSignal.timeout(10_000)))
      followed.push(...batch);
    expect(followed).toMatchObject([{ ...gap, data: { firstHeld: 8, missed: 4 } }, over]);
  } finally {
    await cluster.stop();
  }
});
