import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LedEngines } from '../api/led-engine.js';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster, type Cluster } from './in-process-cluster.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

const limit = { timeout: 40_000 };
const deep = '{"a":'.repeat(9_000) + '1' + '}'.repeat(9_000);
const usage = '{"inputTokens":0,"outputTokens":0,"cacheReadTokens":0,"cacheWriteTokens":0}';

/** What a hostile worker says of the job that it has: each looks like a report. */
const poison: readonly (readonly [what: string, reportsOf: (job: string) => string])[] = [
  [
    'lines that are none',
    (job) =>
      `{"kind":"outcome","job":"${job}","lease":1,"outcome":{"kind":"failed","failure":{"code":"engine.crashed","message":"x","lastLines":"x"}}}`,
  ],
  [
    'an event without data',
    (job) => `{"kind":"events","job":"${job}","lease":1,"events":[{"type":"message.text","at":1,"data":{}}]}`,
  ],
  [
    'a result that is nested too deep',
    (job) =>
      `{"kind":"outcome","job":"${job}","lease":1,"outcome":{"kind":"succeeded","result":{"text":"","turns":1,"costUsd":0,"usage":${usage},"structured":${deep}}}}`,
  ],
  [
    'the name of a key that is no record',
    (job) =>
      `{"kind":"events","job":"${job}:events","lease":1,"events":[{"type":"message.text","at":1,"data":{"text":"x"}}]}`,
  ],
];

async function withJob(act: (cluster: Cluster, job: string, worker: string, engines: LedEngines) => Promise<void>) {
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
  try {
    const job = `j-${randomUUID()}`;
    await cluster.store.submit([{ id: job, spec: specOf() }]);
    await engines.next();
    await expect.poll(async () => (await cluster.store.find(jobRef(job)))?.state, limit).toBe('running');
    await act(cluster, job, (await cluster.store.find(jobRef(job)))?.worker ?? '', engines);
  } finally {
    await cluster.stop();
  }
}

const stateOf = async (cluster: Cluster, job: string) => (await cluster.store.find(jobRef(job)))?.state;

test.each(poison)('a worker that says %s and dies does not keep its job from its end', async (_, reportsOf) => {
  await withJob(async (cluster, job, worker, engines) => {
    await cluster.runtime.freeze(worker);
    await cluster.redis.xadd(cluster.keys.workerOut(worker), '1000000-0', 'd', `[${reportsOf(job)}]`);
    await cluster.runtime.crash(worker);
    (await engines.next()).succeed();
    await expect.poll(() => stateOf(cluster, job), limit).toBe('succeeded');
    expect(await cluster.redis.sismember(cluster.keys.workers, worker)).toBe(0);
    expect(await cluster.deadLetters.attempts(jobRef(job))).toMatchObject([{ failure: { code: 'worker.lost' } }]);
  });
});

test('a step that fails whenever it is taken is left out, and others go on meanwhile', async () => {
  await withJob(async (cluster, job, worker, engines) => {
    const { redis: client, keys } = cluster;
    await client.set(keys.job('poison'), 'a text where a record should be');
    const events = `{"kind":"events","job":"poison","lease":1,"events":[{"type":"message.text","at":1,"data":{"text":"x"}}]}`;
    await cluster.runtime.freeze(worker);
    const said = events.replace('"poison"', `"${job}"`).replace('"x"', '"the last words"');
    await client.xadd(keys.workerOut(worker), '1000000-0', 'd', `[${events},${said}]`);
    const other = `j-${randomUUID()}`;
    await cluster.store.submit([{ id: other, spec: specOf() }]);
    (await engines.next()).succeed();
    await expect.poll(() => stateOf(cluster, other), limit).toBe('succeeded');
    await cluster.runtime.crash(worker);
    (await engines.next()).succeed();
    await expect.poll(() => stateOf(cluster, job), limit).toBe('succeeded');
    expect(await cluster.deadLetters.attempts(jobRef(job))).toMatchObject([{ lastText: 'the last words' }]);
  });
});

test('a number that no cursor can hold does not keep the next scheduler from reading the streams', async () => {
  await withJob(async (cluster, job, worker, engines) => {
    const said = `{"kind":"events","job":"${job}","lease":1,"events":[{"type":"message.text","at":1,"data":{"text":"x"}}]}`;
    await cluster.redis.xadd(cluster.keys.workerOut(worker), '18446744073709551614-0', 'd', `[${said}]`);
    const other = `j-${randomUUID()}`;
    await cluster.store.submit([{ id: other, spec: specOf() }]);
    (await engines.next()).succeed();
    await expect.poll(() => stateOf(cluster, other), limit).toBe('succeeded');
    const [first] = cluster.schedulers;
    if (!first) throw new Error('no scheduler');
    const next = cluster.makeScheduler('s-next');
    await next.start();
    cluster.alive.add(next);
    cluster.alive.delete(first);
    await first.stop();
    const third = `j-${randomUUID()}`;
    await cluster.store.submit([{ id: third, spec: specOf() }]);
    (await engines.next()).succeed();
    await expect.poll(() => stateOf(cluster, third), limit).toBe('succeeded');
    await cluster.runtime.crash(worker);
    (await engines.next()).succeed();
    await expect.poll(() => stateOf(cluster, job), limit).toBe('succeeded');
  });
});
