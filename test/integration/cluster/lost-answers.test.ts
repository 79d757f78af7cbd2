import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { InstantEngine, jobRef } from '@remuda/testing';
import { noUsage, type Assignment, type JobEvent, type TurnEnd } from '@remuda/domain';
import { RedisLeases, ProfileQueue, Queues, RedisWorkerLine, WorkerRegistry } from '@remuda/redis';
import { presenceOf } from '@remuda/redis/testing';
import { startRedis, type TestRedis } from '../redis.js';
import { specOf, startInProcessCluster, type InProcessOptions, type Cluster } from './in-process-cluster.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await redis.close();
});

const startCluster = (options: Partial<InProcessOptions> = {}): Promise<Cluster> =>
  startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine(), ...options });

async function submit(cluster: Cluster): Promise<string> {
  const id = `j-${randomUUID()}`;
  await cluster.store.submit([{ id, spec: specOf() }]);
  return id;
}

/** All events of a job up to its end. */
async function eventsOf(cluster: Cluster, job: string): Promise<readonly JobEvent[]> {
  const all: JobEvent[] = [];
  for await (const batch of cluster.events.follow(jobRef(job), 0, AbortSignal.timeout(30_000))) all.push(...batch);
  return all;
}

const types = (events: readonly JobEvent[]): readonly string[] => events.map((event) => event.type);
const onceMore = ['job.queued', 'job.assigned', 'job.requeued', 'job.assigned', 'attempt.restarted', 'job.over'];
const ok: TurnEnd = { kind: 'succeeded', result: { text: 'done', turns: 1, usage: noUsage, costUsd: 0 } };

test('an event that was written before a takeover is not written again with the next one', async () => {
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const say = (text: string) => ({ type: 'message.text', at: 1, data: { text } }) as const;
  const engine = () =>
    new InstantEngine(async (_turn, onEvent) => {
      onEvent(say('before'));
      await released;
      onEvent(say('after'));
      return ok;
    });
  const cluster = await startCluster({ engine, schedulers: 2 });
  try {
    const id = await submit(cluster);
    const seen = async () => types((await cluster.events.page(jobRef(id), 0, 10)).events);
    await expect.poll(seen, { timeout: 20_000 }).toContain('message.text');
    const owner = (await cluster.pools.workers()).find((worker) => worker.job === id)?.owner;
    cluster.kill(cluster.schedulers[owner === 's-0' ? 0 : 1]!);
    release();
    const texts = (await eventsOf(cluster, id)).flatMap((e) => (e.type === 'message.text' ? [e.data.text] : []));
    expect(texts).toEqual(['before', 'after']);
  } finally {
    await cluster.stop();
  }
});

test('an assignment that is asked for twice, because its answer was lost, is the same one', async () => {
  const run = vi.spyOn(RedisLeases.prototype, 'assign').mockImplementationOnce(async function (
    this: RedisLeases,
    ...args
  ) {
    const [first, again] = await Promise.all([this.assign(...args), this.assign(...args)]);
    expect(again).toMatchObject({ ...first, grant: expect.any(String) as string });
    return again;
  });
  const cluster = await startCluster();
  try {
    const id = await submit(cluster);
    expect(types(await eventsOf(cluster, id))).toEqual(['job.queued', 'job.assigned', 'job.over']);
    expect(run).toHaveBeenCalledTimes(3);
  } finally {
    await cluster.stop();
  }
});

test('an assignment that is asked for again once its worker has begun is the same one', async () => {
  let end: () => void = () => undefined;
  const mayEnd = new Promise<void>((resolve) => (end = resolve));
  const engine = () => new InstantEngine(() => mayEnd.then(() => ok));
  const cluster = await startCluster({ engine });
  const run = vi.spyOn(RedisLeases.prototype, 'assign').mockImplementationOnce(async function (
    this: RedisLeases,
    ...args
  ) {
    const first = await this.assign(...args);
    await expect.poll(async () => (await cluster.store.find(jobRef(args[0].job.id)))?.state).toBe('running');
    const again = await this.assign(...args);
    expect(again).toMatchObject({ ...first, grant: expect.any(String) as string });
    end();
    return again;
  });
  try {
    const id = await submit(cluster);
    expect(types(await eventsOf(cluster, id))).toEqual(['job.queued', 'job.assigned', 'job.over']);
    expect(run).toHaveBeenCalledTimes(3);
  } finally {
    end();
    await cluster.stop();
  }
});

test('a registration that is asked for twice, because its answer was lost, leaves alone what has become of the worker', async () => {
  const cluster = await startCluster({ schedulers: 0 });
  const { keys } = cluster;
  const queues = new Queues(cluster.redis, keys);
  const registry = new WorkerRegistry(queues, presenceOf(queues, 's-0'));
  const worker = { id: 'w-default-1', profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 1 };
  try {
    await presenceOf(queues, 's-0').own([keys.poolLeader('default')]);
    expect(await registry.register(worker)).toBe(true);
    await registry.note(worker.id, { phase: 'draining' });
    expect(await registry.register(worker)).toBe(true);
    await cluster.redis.set(keys.workerOwner(worker.id), 's-1');
    expect(await registry.register(worker)).toBe(false);
    expect(await registry.find(worker.id)).toMatchObject({ phase: 'draining' });
  } finally {
    await queues.close();
    await cluster.stop();
  }
});

test('a job whose assignment was lost on its way to the worker goes to another one', async () => {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const open = RedisWorkerLine.prototype.open;
  let lost = 0;
  vi.spyOn(RedisWorkerLine.prototype, 'open').mockImplementation(function (this: RedisWorkerLine, duties) {
    const carryOut = (assignment: Assignment) => (lost++ === 0 ? Promise.resolve() : duties.carryOut(assignment));
    open.call(this, { ...duties, carryOut, onControl: (control) => duties.onControl(control) });
  });
  const cluster = await startCluster();
  try {
    // Its worker's container is removed first.
    const removed = ['job.queued', 'job.assigned', 'attempt.ended', ...onceMore.slice(2)];
    expect(types(await eventsOf(cluster, await submit(cluster)))).toEqual(removed);
  } finally {
    await cluster.stop();
  }
});

test('a job that was put back to the queue unbeknown to its scheduler is claimed again at once', async () => {
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  let turns = 0;
  const engine = () =>
    new InstantEngine(async () => {
      if (turns++ > 0) return ok;
      begin();
      return new Promise(() => undefined);
    });
  const cluster = await startCluster({ engine });
  try {
    const id = await submit(cluster);
    await begun;
    vi.spyOn(RedisLeases.prototype, 'settle').mockImplementationOnce(async function (this: RedisLeases, ...args) {
      await this.settle(...args);
      return { kind: 'fenced' };
    });
    await cluster.runtime.crash((await cluster.store.find(jobRef(id)))?.worker ?? '');
    const events = await eventsOf(cluster, id);
    expect(types(events)).toEqual(onceMore);
    expect(events[3]!.at - events[2]!.at).toBeLessThan(3_000);
  } finally {
    await cluster.stop();
  }
});

test('a job whose scheduler died between claim and lease does not wait for the lock to run out', async () => {
  const cluster = await startCluster({ schedulers: 0 });
  const queues = new Queues(cluster.redis, cluster.keys);
  const dead = new ProfileQueue(queues, 'default', 's-dead');
  try {
    await dead.ready();
    const id = await submit(cluster);
    expect((await dead.claim())?.id).toBe(id);
    const heir = cluster.makeScheduler('s-heir');
    cluster.alive.add(heir);
    await heir.start();
    expect(types(await eventsOf(cluster, id))).toEqual(['job.queued', 'job.assigned', 'job.over']);
  } finally {
    await dead.close();
    await queues.close();
    await cluster.stop();
  }
});

test('a job whose worker is gone without anybody having seen it goes to another one', async () => {
  let turns = 0;
  const engine = () =>
    new InstantEngine(async (_turn, _onEvent, signal) => {
      if (turns++ > 0) return ok;
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'interrupted' }));
      });
    });
  const cluster = await startCluster({ engine });
  try {
    const idle = async () => (await cluster.pools.workers()).filter(({ phase }) => phase === 'idle').length;
    await expect.poll(idle, { timeout: 10_000 }).toBe(2);
    const id = await submit(cluster);
    await expect.poll(() => turns).toBe(1);
    // Its container is not known any more either. Were it told to leave, its silence would be noticed, perhaps sooner.
    cluster.runtime.beforeStop = () => Promise.reject(new Error('not now'));
    await cluster.redis.del(cluster.keys.worker((await cluster.store.find(jobRef(id)))?.worker ?? ''));
    expect(types(await eventsOf(cluster, id))).toEqual(onceMore);
  } finally {
    cluster.runtime.beforeStop = () => Promise.resolve();
    await cluster.stop();
  }
});
