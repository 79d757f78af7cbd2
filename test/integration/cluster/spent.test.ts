import { randomUUID } from 'node:crypto';
import { noUsage, type TurnEnd } from '@remuda/domain';
import { RedisModelCounts, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { InstantEngine, jobRef } from '@remuda/testing';
import { expect, test } from 'vitest';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

/** What the agent says of itself: less than the truth, as after a kill, or where its subagents are left out. */
const ok: TurnEnd = { kind: 'succeeded', result: { text: 'done', turns: 1, usage: noUsage, costUsd: 0.01 } };
const killed: TurnEnd = { kind: 'failed', failure: { code: 'engine.crashed', message: 'killed' } };

const used = (outputTokens: number) => ({ ...noUsage, inputTokens: 10, outputTokens });

test('a job has cost what the bridge counted, over all its attempts, and each of those what was counted in it', async () => {
  const redis = await startRedis();
  const namespace = 'spent';
  const own = connectRaw(redis.url, { name: 'test' });
  const counts = new RedisModelCounts(own, redisKeys(namespace));
  const id = `j-${randomUUID()}`;
  let attempts = 0;
  const engine = () =>
    new InstantEngine(async () => {
      attempts++;
      await counts.requested(id, 1);
      await counts.used(id, used(100 * attempts), 250_000 * attempts);
      return attempts === 1 ? killed : ok;
    });
  const cluster = await startInProcessCluster({ redisUrl: redis.url, namespace, engine });
  try {
    await cluster.store.submit([{ id, spec: specOf({ attempts: 2 }) }]);
    const events = [];
    for await (const batch of cluster.events.follow(jobRef(id), 0, AbortSignal.timeout(30_000))) events.push(...batch);
    const all = { usage: { ...used(300), inputTokens: 20 }, costUsd: 0.75 };
    expect(events.at(-1)).toMatchObject({ type: 'job.over', data: all });
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded', ...all });
    expect(await cluster.store.result(jobRef(id))).toMatchObject({ text: 'done', ...all });
    expect(await cluster.deadLetters.attempts(jobRef(id))).toMatchObject([
      { attempt: 1, usage: used(100), costUsd: 0.25 },
    ]);
    expect(await own.hget(redisKeys(namespace).model(id), 'before:costMicroUsd')).toBe('250000');
    // An answer that was cut is counted when the job may be over already.
    await counts.used(id, used(1), 250_000);
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ costUsd: 1 });
  } finally {
    await cluster.stop();
    own.disconnect();
    await redis.close();
  }
});

test('a job of which the bridge counted no request has what its agent says', async () => {
  const redis = await startRedis();
  const id = `j-${randomUUID()}`;
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine(async () => ok) });
  try {
    await cluster.store.submit([{ id, spec: specOf({}) }]);
    for await (const _ of cluster.events.follow(jobRef(id), 0, AbortSignal.timeout(30_000)));
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded', costUsd: 0.01 });
  } finally {
    await cluster.stop();
    await redis.close();
  }
});
