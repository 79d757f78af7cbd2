import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InstantEngine, jobRef } from '@remuda/testing';
import { RemudaError, noUsage, type JobSpec } from '@remuda/domain';
import { LedEngines } from '../api/led-engine.js';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster, type InProcessOptions, type Cluster } from './in-process-cluster.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

async function withCluster(
  options: Partial<InProcessOptions>,
  act: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine(), ...options });
  try {
    await act(cluster);
  } finally {
    await cluster.stop();
  }
}

async function submit(cluster: Cluster, spec: Partial<JobSpec> = {}): Promise<string> {
  const id = `j-${randomUUID()}`;
  await cluster.store.submit([{ id, spec: specOf(spec) }]);
  return id;
}

/** The types of a job's events up to its end. */
async function story(cluster: Cluster, job: string): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const batch of cluster.events.follow(jobRef(job), 0, AbortSignal.timeout(30_000)))
    all.push(...batch.map((event) => event.type));
  return all;
}

const workers = (cluster: Cluster) => cluster.pools.workers();
const pool = async (cluster: Cluster) => (await cluster.pools.pools())[0];
const isIdle = async (cluster: Cluster, count: number): Promise<void> => {
  await expect.poll(async () => (await pool(cluster))?.workers.idle, { timeout: 10_000, interval: 20 }).toBe(count);
};

describe('a profile that is paused', () => {
  test('takes jobs in and starts none, until it is resumed; what runs goes on', async () => {
    const engines = new LedEngines();
    await withCluster({ engine: () => engines.make(), schedulers: 2 }, async (cluster) => {
      const running = await submit(cluster);
      const turn = await engines.next();
      await isIdle(cluster, 1);
      expect(await cluster.controls.pause('default', 'maintenance')).toBe(true);
      const waiting = [await submit(cluster), await submit(cluster)];
      turn.succeed();
      expect(await story(cluster, running)).toEqual(['job.queued', 'job.assigned', 'job.over']);
      // The worker that replaces it is there, and the schedulers have had all occasion to give it a job.
      await isIdle(cluster, 2);
      expect(await pool(cluster)).toMatchObject({
        waiting: 2,
        running: 0,
        suspended: false,
        halts: [{ kind: 'paused', reason: 'maintenance' }],
      });
      expect(await cluster.controls.resume('default')).toBe(true);
      (await engines.next()).succeed();
      (await engines.next()).succeed();
      for (const id of waiting) expect(await story(cluster, id)).toEqual(['job.queued', 'job.assigned', 'job.over']);
      expect((await pool(cluster))?.halts).toEqual([]);
    });
  });

  test('a pause that a scheduler has not heard of holds all the same', async () => {
    await withCluster({ profile: { pool: { warm: 1, max: 1 } } }, async (cluster) => {
      await isIdle(cluster, 1);
      // Written past the controls: nobody is told.
      await cluster.redis.hset(cluster.keys.halts, 'paused:default', JSON.stringify({ since: 1, reason: 'r' }));
      const id = await submit(cluster);
      await expect.poll(async () => (await pool(cluster))?.workers.idle, { timeout: 5_000 }).toBe(1);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'queued', attempt: 0 });
      await cluster.controls.resume('default');
      expect(await story(cluster, id)).toEqual(['job.queued', 'job.assigned', 'job.over']);
    });
  });

  test('a pause of all is lifted for all, and leaves alone what was said of one', async () => {
    await withCluster({}, async (cluster) => {
      await cluster.controls.pause(undefined, 'all');
      await cluster.controls.pause('default', 'one');
      await cluster.controls.pause('default', 'said again');
      expect((await pool(cluster))?.halts).toMatchObject([
        { kind: 'paused', reason: 'all', everywhere: true },
        { kind: 'paused', reason: 'one' },
      ]);
      await cluster.controls.resume(undefined);
      expect((await pool(cluster))?.halts).toMatchObject([{ reason: 'one' }]);
    });
  });

  test('there is no pausing, resuming or draining of what is not there', async () => {
    await withCluster({}, async ({ controls }) => {
      expect(await controls.pause('nobody', 'r')).toBe(false);
      expect(await controls.resume('nobody')).toBe(false);
      expect(await controls.drainPool('nobody', 0, 'r')).toBe(false);
      expect(await controls.cordon('nobody')).toBe(false);
      expect(await controls.uncordon('nobody')).toBe(false);
      expect(await controls.drainWorker('nobody', 0)).toBe(false);
    });
  });
});

describe('a profile whose jobs do not start', () => {
  const failing = () =>
    new InstantEngine(() => Promise.reject(new RemudaError('engine.start_failed', 'no such model')));

  test('is suspended after so many in a row, for all schedulers, and keeps the jobs until it is resumed', async () => {
    let broken = true;
    const engine = () =>
      new InstantEngine(async () => {
        if (broken) throw new RemudaError('engine.start_failed', 'no such model');
        return { kind: 'succeeded', result: { text: '', turns: 1, usage: noUsage, costUsd: 0 } };
      });
    await withCluster({ engine, schedulers: 2, suspendAfter: 3 }, async (cluster) => {
      const poison = [await submit(cluster), await submit(cluster), await submit(cluster)];
      for (const id of poison) expect((await story(cluster, id)).at(-1)).toBe('job.over');
      await expect.poll(async () => (await pool(cluster))?.suspended, { timeout: 5_000 }).toBe(true);
      expect((await pool(cluster))?.halts).toMatchObject([
        { kind: 'suspended', code: 'engine.start_failed', reason: 'no such model' },
      ]);
      const kept = await submit(cluster);
      await isIdle(cluster, 2);
      expect(await cluster.store.find(jobRef(kept))).toMatchObject({ state: 'queued', attempt: 0 });
      broken = false;
      await cluster.controls.resume('default');
      expect(await story(cluster, kept)).toEqual(['job.queued', 'job.assigned', 'job.over']);
      expect(await pool(cluster)).toMatchObject({ suspended: false, halts: [] });
    });
  });

  test('a start in between begins the count anew', async () => {
    const fails = [true, true, false, true, true];
    const engine = () =>
      new InstantEngine(async () => {
        if (fails.shift()) throw new RemudaError('engine.start_failed', 'now and then');
        return { kind: 'succeeded', result: { text: '', turns: 1, usage: noUsage, costUsd: 0 } };
      });
    await withCluster({ engine, suspendAfter: 3 }, async (cluster) => {
      for (let i = 0; i < 5; i++) await story(cluster, await submit(cluster));
      expect(fails).toEqual([]);
      await expect
        .poll(() => cluster.redis.hgetall(cluster.keys.failedStarts))
        .toEqual({ 'engine.start_failed:default': '2' });
      expect((await pool(cluster))?.suspended).toBe(false);
    });
  });

  test('with a limit of 0 it is never suspended', async () => {
    await withCluster({ engine: failing, suspendAfter: 0 }, async (cluster) => {
      for (let i = 0; i < 4; i++) await story(cluster, await submit(cluster));
      expect((await pool(cluster))?.suspended).toBe(false);
    });
  });

  test('one whose containers do not start is suspended, and is itself again with the first worker that is ready', async () => {
    let broken = true;
    await withCluster({ suspendAfter: 2 }, async (cluster) => {
      const start = cluster.runtime.start.bind(cluster.runtime);
      cluster.runtime.start = (spec) =>
        broken ? Promise.reject(new RemudaError('container.start_failed', 'no image')) : start(spec);
      for (const { worker } of await cluster.runtime.list()) await cluster.runtime.crash(worker);
      await expect.poll(async () => (await pool(cluster))?.suspended, { timeout: 10_000 }).toBe(true);
      const id = await submit(cluster);
      broken = false;
      expect(await story(cluster, id)).toEqual(['job.queued', 'job.assigned', 'job.over']);
      expect((await pool(cluster))?.halts).toEqual([]);
    });
  });
});

describe('a worker that is cordoned', () => {
  test('stays and is given no job, while another one takes its place', async () => {
    await withCluster({ profile: { pool: { warm: 1, max: 2 } } }, async (cluster) => {
      await isIdle(cluster, 1);
      const [one] = await workers(cluster);
      expect(await cluster.controls.cordon(one!.id)).toBe(true);
      expect(await cluster.controls.cordon(one!.id)).toBe(true);
      await isIdle(cluster, 2);
      const done = [await submit(cluster), await submit(cluster)];
      for (const id of done) await story(cluster, id);
      for (const id of done) expect((await cluster.store.find(jobRef(id)))?.worker).not.toBe(one!.id);
      expect(await workers(cluster)).toContainEqual(
        expect.objectContaining({ id: one!.id, phase: 'idle', cordoned: true }),
      );
    });
  });

  test('one that nobody else can stand in for takes jobs again when it is uncordoned', async () => {
    await withCluster({ profile: { pool: { warm: 1, max: 1 } } }, async (cluster) => {
      await isIdle(cluster, 1);
      const [one] = await workers(cluster);
      await cluster.controls.cordon(one!.id);
      const id = await submit(cluster);
      await expect.poll(async () => (await workers(cluster))[0]?.cordoned).toBe(true);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'queued', attempt: 0 });
      await cluster.controls.uncordon(one!.id);
      await story(cluster, id);
      expect((await cluster.store.find(jobRef(id)))?.worker).toBe(one!.id);
    });
  });
});

describe('draining', () => {
  test('a worker finishes what it does, takes nothing new, and leaves', async () => {
    const engines = new LedEngines();
    const profile = { pool: { warm: 1, max: 2 }, recycle: { afterJobs: 10, afterMs: 3_600_000, idleMs: 60_000 } };
    await withCluster({ engine: () => engines.make(), profile }, async (cluster) => {
      const id = await submit(cluster);
      const turn = await engines.next();
      const worker = (await cluster.store.find(jobRef(id)))?.worker ?? '';
      await cluster.controls.drainWorker(worker, 60_000);
      await cluster.controls.drainWorker(worker, 120_000);
      expect(await workers(cluster)).toContainEqual(
        expect.objectContaining({ id: worker, phase: 'draining', job: id }),
      );
      const next = await submit(cluster);
      (await engines.next()).succeed();
      await story(cluster, next);
      turn.succeed();
      expect(await story(cluster, id)).toEqual(['job.queued', 'job.assigned', 'job.over']);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded', attempt: 1, worker });
      expect((await cluster.store.find(jobRef(next)))?.worker).not.toBe(worker);
      await expect.poll(async () => (await workers(cluster)).map(({ id: each }) => each)).not.toContain(worker);
    });
  });

  test('one that is made ready between two jobs leaves at once', async () => {
    const resets: (() => void)[] = [];
    const engine = () => {
      let kill: () => void = () => undefined;
      return Object.assign(new InstantEngine(), {
        reset: () =>
          new Promise<void>((_, reject) => {
            kill = () => reject(new RemudaError('engine.crashed', 'The engine has been killed.'));
            resets.push(kill);
          }),
        kill: async () => kill(),
      });
    };
    const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 10, afterMs: 3_600_000, idleMs: 60_000 } };
    await withCluster({ engine, profile }, async (cluster) => {
      const id = await submit(cluster);
      await story(cluster, id);
      await expect.poll(() => resets.length).toBe(1);
      const { worker } = (await cluster.store.find(jobRef(id)))!;
      await cluster.controls.drainWorker(worker!, 600_000);
      await expect.poll(async () => (await workers(cluster)).map(({ id: each }) => each)).not.toContain(worker);
    });
  });

  test('what is not over by the limit goes back to the queue, uncounted, and to another worker', async () => {
    const engines = new LedEngines();
    await withCluster({ engine: () => engines.make(), profile: { pool: { warm: 1, max: 2 } } }, async (cluster) => {
      const id = await submit(cluster, { attempts: 1 });
      await engines.next();
      const worker = (await cluster.store.find(jobRef(id)))?.worker ?? '';
      await cluster.controls.drainWorker(worker, 600_000);
      await cluster.controls.drainWorker(worker, 0);
      (await engines.next()).succeed();
      expect(await story(cluster, id)).toEqual([
        ...['job.queued', 'job.assigned', 'attempt.ended', 'job.requeued'],
        ...['job.assigned', 'attempt.restarted', 'job.over'],
      ]);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({
        state: 'succeeded',
        failures: 0,
        requeues: 0,
        attempt: 2,
      });
      expect((await cluster.store.find(jobRef(id)))?.worker).not.toBe(worker);
    });
  });

  test('a pool empties, whoever owns its workers, and stays empty until it is resumed', async () => {
    const engines = new LedEngines();
    await withCluster({ engine: () => engines.make(), profile: { pool: { warm: 2, max: 4 } } }, async (cluster) => {
      const id = await submit(cluster);
      await engines.next();
      const second = cluster.makeScheduler('s-second');
      cluster.alive.add(second);
      await second.start();
      await cluster.controls.drainPool('default', 0, 'a new kernel');
      await expect.poll(() => workers(cluster), { timeout: 15_000, interval: 50 }).toEqual([]);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'queued', failures: 0, requeues: 0 });
      expect((await pool(cluster))?.halts).toMatchObject([{ kind: 'drained', reason: 'a new kernel' }]);
      await cluster.controls.resume('default');
      (await engines.next()).succeed();
      expect((await story(cluster, id)).at(-1)).toBe('job.over');
      await isIdle(cluster, 2);
    });
  });

  test('a scheduler that dies between an order and its execution leaves the order to the next one', async () => {
    await withCluster({ profile: { pool: { warm: 1, max: 1 } } }, async (cluster) => {
      await isIdle(cluster, 1);
      const [one] = await workers(cluster);
      const [first] = cluster.schedulers;
      cluster.kill(first!);
      await cluster.controls.drainWorker(one!.id, 0);
      const second = cluster.makeScheduler('s-second');
      cluster.alive.add(second);
      await second.start();
      await expect
        .poll(async () => (await workers(cluster)).map(({ id }) => id), { timeout: 15_000, interval: 50 })
        .not.toContain(one!.id);
    });
  });
});
