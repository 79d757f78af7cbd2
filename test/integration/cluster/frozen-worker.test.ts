import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobEvent } from '@remuda/domain';
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

/** A job whose worker has said something and then fell silent, while its container still runs. */
async function withFrozenWorker(
  act: (cluster: Cluster, job: string, engines: LedEngines) => Promise<void>,
): Promise<void> {
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make() });
  try {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf() }]);
    (await engines.next()).say('I will now look at the files.');
    await eventOf(cluster, id, 'message.text');
    await cluster.runtime.freeze((await cluster.store.find(jobRef(id)))?.worker ?? '');
    await act(cluster, id, engines);
  } finally {
    await cluster.stop();
  }
}

/** Resolves when the event is in the job's stream. */
async function eventOf(cluster: Cluster, job: string, type: JobEvent['type']): Promise<JobEvent> {
  for await (const batch of cluster.events.follow(jobRef(job), 0, AbortSignal.timeout(40_000))) {
    const found = batch.find((event) => event.type === type);
    if (found) return found;
  }
  throw new Error(`no ${type} in the stream of ${job}`);
}

test('the container of a worker that fell silent is removed first, and only then its job goes on elsewhere', async () => {
  await withFrozenWorker(async (cluster, id, engines) => {
    let atRemoval: unknown;
    cluster.runtime.beforeStop = async () => {
      atRemoval ??= await cluster.store.find(jobRef(id));
    };
    const requeued = await eventOf(cluster, id, 'job.requeued');
    expect(atRemoval).toMatchObject({ state: 'running', attempt: 1 });
    const { events } = await cluster.events.page(jobRef(id), 0, 100);
    expect(events.find((event) => event.id === requeued.id - 1)).toMatchObject({
      type: 'attempt.ended',
      attempt: 1,
      data: { by: 'container', processesLeft: 0 },
    });
    (await engines.next()).succeed();
    await eventOf(cluster, id, 'job.over');
    expect(await cluster.deadLetters.attempts(jobRef(id))).toMatchObject([
      {
        attempt: 1,
        failure: { code: 'worker.lost' },
        lastText: 'I will now look at the files.',
        ended: { by: 'container', processesLeft: 0 },
      },
    ]);
    expect(await cluster.store.find(jobRef(id))).toMatchObject({
      state: 'succeeded',
      attempt: 2,
      requeues: 1,
      failures: 0,
    });
  });
});

test('as long as the container can not be removed its job is not given to another worker', async () => {
  await withFrozenWorker(async (cluster, id, engines) => {
    const states: (string | undefined)[] = [];
    cluster.runtime.beforeStop = async () => {
      if (states.length === 3) return;
      states.push((await cluster.store.find(jobRef(id)))?.state);
      throw new Error('the engine does not answer');
    };
    await eventOf(cluster, id, 'job.requeued');
    expect(states).toEqual(['running', 'running', 'running']);
    (await engines.next()).succeed();
    await eventOf(cluster, id, 'job.over');
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded', attempt: 2 });
  });
});

test('a job that was to be cancelled ends as cancelled, with what its silent worker had said', async () => {
  await withFrozenWorker(async (cluster, id) => {
    expect(await cluster.store.cancel(jobRef(id), 'enough')).toEqual({ kind: 'requested' });
    await eventOf(cluster, id, 'job.over');
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'cancelled', attempt: 1 });
    expect(await cluster.store.result(jobRef(id))).toMatchObject({
      text: 'I will now look at the files.',
      ended: { by: 'container', processesLeft: 0 },
    });
  });
});
