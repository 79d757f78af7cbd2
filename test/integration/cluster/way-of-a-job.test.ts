import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { InstantEngine, type TurnScript, jobRef } from '@remuda/testing';
import { noUsage, type JobEvent, type JobSpec, type TurnEnd } from '@remuda/domain';
import { RedisLeases } from '@remuda/redis';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster, type InProcessOptions, type Cluster } from './in-process-cluster.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.close();
});

/** A cluster for one test, gone with it. */
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

/** All events of a job up to its end. */
async function eventsOf(cluster: Cluster, job: string): Promise<readonly JobEvent[]> {
  const all: JobEvent[] = [];
  for await (const batch of cluster.events.follow(jobRef(job), 0, AbortSignal.timeout(30_000))) all.push(...batch);
  return all;
}

/** Resolves when the event is in the job's stream. */
async function eventOf(cluster: Cluster, job: string, type: JobEvent['type']): Promise<JobEvent> {
  for await (const batch of cluster.events.follow(jobRef(job), 0, AbortSignal.timeout(30_000))) {
    const found = batch.find((event) => event.type === type);
    if (found) return found;
  }
  throw new Error(`no ${type} in the stream of ${job}`);
}

const types = (events: readonly JobEvent[]): readonly string[] => events.map((event) => event.type);
const ok: TurnEnd = { kind: 'succeeded', result: { text: 'done', turns: 1, usage: noUsage, costUsd: 0.5 } };

/** A turn that goes on until it's told to go on, or interrupted. */
function held(): { script: TurnScript; begun: Promise<void>; release: () => void; turns: () => number } {
  let release: () => void = () => undefined;
  let begin: () => void = () => undefined;
  let turns = 0;
  const released = new Promise<void>((resolve) => (release = resolve));
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const script: TurnScript = async (_turn, _onEvent, signal) => {
    turns++;
    begin();
    const aborted = new Promise<'aborted'>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve('aborted');
      });
    });
    return (await Promise.race([released, aborted])) === 'aborted' ? { kind: 'interrupted' } : ok;
  };
  return { script, begun, release, turns: () => turns };
}

describe('the way of a job', () => {
  test('a job goes its way and every step of it is in its stream', async () => {
    const engine = () =>
      new InstantEngine(async (_turn, onEvent) => {
        onEvent({ type: 'message.text', at: 1, data: { text: 'working' } });
        return ok;
      });
    await withCluster({ engine }, async (cluster) => {
      const id = await submit(cluster);
      const events = await eventsOf(cluster, id);
      expect(types(events)).toEqual(['job.queued', 'job.assigned', 'message.text', 'job.over']);
      expect(events.map((event) => event.id)).toEqual([1, 2, 3, 4]);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded', attempt: 1, costUsd: 0.5 });
      expect(await cluster.store.result(jobRef(id))).toMatchObject({ text: 'done' });
    });
  });

  test('the time to the first token is counted under the start that the job had', async () => {
    const turn = held();
    await withCluster({ engine: () => new InstantEngine(turn.script) }, async (cluster) => {
      await expect.poll(async () => (await cluster.pools.pools())[0]?.workers.idle).toBe(2);
      const id = await submit(cluster);
      await turn.begun;
      // As the bridge notes it.
      await cluster.redis.hset(cluster.keys.model(id), 'firstTokenAt', Date.now());
      turn.release();
      const assigned = (await eventsOf(cluster, id)).find((event) => event.type === 'job.assigned');
      expect(assigned?.data.start.kind).toBe('warm');
      await expect
        .poll(() => cluster.figures())
        .toMatch(/^remuda_job_first_token_seconds_count{.*profile="default",start="warm"} 1$/m);
    });
  });

  test('an image that is missing suspends its profile and ends no scheduler; once it is there, jobs go their way', async () => {
    const absentImages = new Set(['gone']);
    await withCluster({ absentImages, profile: { image: 'gone' } }, async (cluster) => {
      const halts = async () => (await cluster.pools.pools())[0]?.halts;
      expect(await halts()).toMatchObject([{ kind: 'suspended', reason: 'There is no image gone.' }]);
      const id = await submit(cluster);
      absentImages.clear();
      expect(types(await eventsOf(cluster, id))).toContain('job.over');
      expect(await halts()).toEqual([]);
    });
  });

  test('a failure that may pass is tried again, until the attempts are used up', async () => {
    const failing: TurnEnd = { kind: 'failed', failure: { code: 'engine.crashed', message: 'gone' } };
    await withCluster({ engine: () => new InstantEngine(async () => failing) }, async (cluster) => {
      const id = await submit(cluster, { attempts: 2 });
      const events = await eventsOf(cluster, id);
      expect(types(events)).toEqual([
        'job.queued',
        'job.assigned',
        'job.requeued',
        'job.assigned',
        'attempt.restarted',
        'job.over',
      ]);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({
        state: 'failed',
        attempt: 2,
        failures: 1,
        failure: { code: 'engine.crashed' },
      });
    });
  });

  test('a failure of the user is final at once', async () => {
    const failing: TurnEnd = { kind: 'failed', failure: { code: 'budget.exhausted', message: 'spent' } };
    await withCluster({ engine: () => new InstantEngine(async () => failing) }, async (cluster) => {
      const id = await submit(cluster);
      expect(types(await eventsOf(cluster, id))).toEqual(['job.queued', 'job.assigned', 'job.over']);
    });
  });

  test('with one worker, the job of the higher priority goes first, whatever was submitted first', async () => {
    const hold = held();
    const order: string[] = [];
    const engine = () =>
      new InstantEngine(async (turn, onEvent, signal) => {
        order.push(turn.prompt);
        return turn.prompt === 'first' ? hold.script(turn, onEvent, signal) : ok;
      });
    const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 100, afterMs: 1e9, idleMs: 1e9 } };
    await withCluster({ engine, profile }, async (cluster) => {
      await submit(cluster, { prompt: 'first' });
      await hold.begun;
      const low = await submit(cluster, { prompt: 'low', priority: 9 });
      const high = await submit(cluster, { prompt: 'high', priority: 1 });
      expect(await cluster.store.position({ id: low, spec: specOf(), state: 'queued' })).toBe(2);
      expect(await cluster.store.position({ id: high, spec: specOf(), state: 'queued' })).toBe(1);
      hold.release();
      await Promise.all([eventsOf(cluster, low), eventsOf(cluster, high)]);
      expect(order).toEqual(['first', 'high', 'low']);
    });
  });

  test('a worker that is used again is warm for what comes while it is idle, not for what waited for it', async () => {
    const hold = held();
    const engine = () =>
      new InstantEngine(async (turn, onEvent, signal) =>
        turn.prompt === 'first' ? hold.script(turn, onEvent, signal) : ok,
      );
    const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 100, afterMs: 1e9, idleMs: 1e9 } };
    await withCluster({ engine, profile }, async (cluster) => {
      const startOf = async (id: string) => (await cluster.store.find(jobRef(id)))?.start;
      await submit(cluster, { prompt: 'first' });
      await hold.begun;
      const waiting = await submit(cluster, { prompt: 'second' });
      hold.release();
      await eventsOf(cluster, waiting);
      expect(await startOf(waiting)).toEqual({ kind: 'cold', reason: 'no_warm_worker' });
      await expect.poll(async () => (await cluster.pools.pools())[0]?.workers.idle).toBe(1);
      const third = await submit(cluster, { prompt: 'third' });
      await eventsOf(cluster, third);
      expect(await startOf(third)).toEqual({ kind: 'warm' });
    });
  });

  test('a job waits for its time, and one that waits too long expires', async () => {
    await withCluster({ profile: { pool: { warm: 0, max: 1 } } }, async (cluster) => {
      const runAt = Date.now() + 1_200;
      const later = await submit(cluster, { runAt });
      await eventsOf(cluster, later);
      const claimedAt = (await cluster.store.find(jobRef(later)))?.times.claimedAt ?? 0;
      expect(claimedAt).toBeGreaterThanOrEqual(runAt);
    });
    await withCluster({ profile: { name: 'other' } }, async (cluster) => {
      const stale = await submit(cluster, { ttlMs: 100 });
      await eventsOf(cluster, stale);
      expect(await cluster.store.find(jobRef(stale))).toMatchObject({
        state: 'failed',
        failure: { code: 'job.expired' },
      });
    });
  });

  test('a job that expired has left its queue, and a redrive brings it back there', async () => {
    const profile = { pool: { warm: 0, max: 1 } };
    await withCluster({ profile }, async (cluster) => {
      const waiting = async () => (await cluster.pools.pools())[0]?.waiting;
      await cluster.controls.pause('default', 'not yet');
      const stale = await submit(cluster, { ttlMs: 2_000 });
      const other = await submit(cluster);
      expect(await waiting()).toBe(2);
      await eventsOf(cluster, stale);
      expect(await waiting()).toBe(1);
      expect(await cluster.redis.exists(cluster.keys.placed('default', stale))).toBe(0);
      expect(await cluster.deadLetters.redrive(jobRef(stale, 'other'))).toEqual({ kind: 'unknown' });
      expect(await cluster.deadLetters.attempts(jobRef(stale, 'other'))).toEqual([]);
      expect(await cluster.deadLetters.redrive(jobRef(stale))).toEqual({ kind: 'redriven' });
      expect(await waiting()).toBe(2);
      await cluster.controls.resume('default');
      expect(types(await eventsOf(cluster, stale)).at(-1)).toBe('job.over');
      await eventsOf(cluster, other);
      expect(await cluster.store.find(jobRef(stale))).toMatchObject({ state: 'succeeded' });
    });
  });
});

describe('cancelling', () => {
  test('a queued job is over at once and never starts', async () => {
    await withCluster({ profile: { name: 'other' } }, async (cluster) => {
      const id = await submit(cluster);
      expect(await cluster.store.cancel(jobRef(id), 'not needed')).toEqual({ kind: 'cancelled' });
      expect(types(await eventsOf(cluster, id))).toEqual(['job.queued', 'job.over']);
      expect(await cluster.store.cancel(jobRef(id), 'again')).toEqual({ kind: 'over', state: 'cancelled' });
    });
  });

  test('a running job is interrupted and ends as cancelled', async () => {
    const hold = held();
    await withCluster({ engine: () => new InstantEngine(hold.script) }, async (cluster) => {
      const id = await submit(cluster);
      await hold.begun;
      expect(await cluster.store.cancel(jobRef(id), 'enough')).toEqual({ kind: 'requested' });
      await eventsOf(cluster, id);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'cancelled' });
    });
  });

  test('a job whose cancel comes while a failure of it is recorded is not tried again', async () => {
    const crash: TurnEnd = { kind: 'failed', failure: { code: 'engine.crashed', message: 'it fell over' } };
    await withCluster({ engine: () => new InstantEngine(async () => crash) }, async (cluster) => {
      const settle = vi.spyOn(RedisLeases.prototype, 'settle').mockImplementationOnce(async function (
        this: RedisLeases,
        ...args
      ) {
        expect(args[1]).toMatchObject({ state: 'queued' });
        expect(await cluster.store.cancel(jobRef(args[0].job), 'enough')).toEqual({ kind: 'requested' });
        settle.mockRestore();
        return this.settle(...args);
      });
      const id = await submit(cluster);
      expect(types(await eventsOf(cluster, id)).slice(-2)).toEqual(['job.cancel_requested', 'job.over']);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'cancelled', attempt: 1 });
    });
  });

  test('an unknown job is unknown', async () => {
    await withCluster({}, async (cluster) => {
      expect(await cluster.store.cancel(jobRef('j-none'), 'x')).toEqual({ kind: 'unknown' });
    });
  });
});

describe('what dies', () => {
  test("a lost worker's job goes to another one without counting an attempt against it", async () => {
    const hold = held();
    await withCluster({ engine: () => new InstantEngine(hold.script) }, async (cluster) => {
      const id = await submit(cluster);
      await hold.begun;
      const worker = (await cluster.store.find(jobRef(id)))?.worker ?? '';
      await cluster.runtime.crash(worker);
      await eventOf(cluster, id, 'job.requeued');
      hold.release();
      const events = await eventsOf(cluster, id);
      expect(types(events)).toEqual([
        'job.queued',
        'job.assigned',
        'job.requeued',
        'job.assigned',
        'attempt.restarted',
        'job.over',
      ]);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({
        state: 'succeeded',
        failures: 0,
        requeues: 1,
        attempt: 2,
      });
    });
  });

  test("a lost worker's job goes on before those of its priority that wait", async () => {
    const hold = held();
    const order: string[] = [];
    const engine = () =>
      new InstantEngine(async (turn, onEvent, signal) => {
        order.push(turn.prompt);
        return order.length === 1 ? hold.script(turn, onEvent, signal) : ok;
      });
    const profile = { pool: { warm: 1, max: 1 }, recycle: { afterJobs: 100, afterMs: 1e9, idleMs: 1e9 } };
    await withCluster({ engine, profile }, async (cluster) => {
      const lost = await submit(cluster, { prompt: 'lost' });
      await hold.begun;
      await submit(cluster, { prompt: 'urgent', priority: 1 });
      const last = [await submit(cluster, { prompt: 'second' }), await submit(cluster, { prompt: 'third' })];
      await cluster.runtime.crash((await cluster.store.find(jobRef(lost)))?.worker ?? '');
      await Promise.all(last.map((id) => eventsOf(cluster, id)));
      expect(order).toEqual(['lost', 'urgent', 'lost', 'second', 'third']);
    });
  });

  test('a scheduler that is killed loses nothing: another one takes its workers and the job that runs', async () => {
    const hold = held();
    await withCluster({ engine: () => new InstantEngine(hold.script), schedulers: 2 }, async (cluster) => {
      const id = await submit(cluster);
      await hold.begun;
      const owner = (await cluster.pools.workers()).find((worker) => worker.job === id)?.owner;
      const [victim] = cluster.schedulers.filter((_, i) => `s-${String(i)}` === owner);
      if (victim) cluster.kill(victim);
      hold.release();
      const events = await eventsOf(cluster, id);
      expect(types(events)).toEqual(['job.queued', 'job.assigned', 'job.over']);
      expect(hold.turns()).toBe(1);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded', requeues: 0, attempt: 1 });
    });
  });

  test('a scheduler that is stopped hands its running jobs over', async () => {
    const hold = held();
    await withCluster({ engine: () => new InstantEngine(hold.script), schedulers: 2 }, async (cluster) => {
      const id = await submit(cluster);
      await hold.begun;
      const owner = (await cluster.pools.workers()).find((worker) => worker.job === id)?.owner;
      const [leaver] = cluster.schedulers.filter((_, i) => `s-${String(i)}` === owner);
      if (leaver) {
        cluster.alive.delete(leaver);
        await leaver.stop();
      }
      hold.release();
      await eventsOf(cluster, id);
      expect(hold.turns()).toBe(1);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded', requeues: 0, attempt: 1 });
    });
  });

  test('Redis may be away for a while: what runs goes on, and its outcome is recorded afterwards', async () => {
    const hold = held();
    await withCluster({ engine: () => new InstantEngine(hold.script) }, async (cluster) => {
      const id = await submit(cluster);
      await hold.begun;
      await redis.stop();
      hold.release();
      await redis.start();
      await eventsOf(cluster, id);
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ state: 'succeeded' });
      const next = await submit(cluster);
      await eventsOf(cluster, next);
      expect(await cluster.store.find(jobRef(next))).toMatchObject({ state: 'succeeded' });
    });
  });
});

describe('idempotency', () => {
  test('the same key and body give the same job; another body is a conflict', async () => {
    await withCluster({}, async (cluster) => {
      const one = { id: `j-${randomUUID()}`, spec: specOf() };
      const two = { id: `j-${randomUUID()}`, spec: specOf() };
      const first = await cluster.store.submit([one], { key: 'k', fingerprint: 'a' });
      const second = await cluster.store.submit([two], { key: 'k', fingerprint: 'a' });
      expect(first).toEqual({ ids: [one.id], repeated: false });
      expect(second).toEqual({ ids: [one.id], repeated: true });
      expect(await cluster.store.find(jobRef(two.id))).toBeUndefined();
      await expect(cluster.store.submit([two], { key: 'k', fingerprint: 'b' })).rejects.toMatchObject({
        code: 'idempotency.conflict',
      });
    });
  });
});
