import { randomUUID } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { messageFormats, type Formats } from '@remuda/protocol';
import { RedisLeases, ProfileQueue, Queues, RedisWorkerLine, settleFormat, redisKeys } from '@remuda/redis';
import { commandsOf, connectRaw, type RawConnection } from '@remuda/redis/testing';
import { createLogger, systemClock } from '@remuda/runtime';
import { InstantEngine, ManualClock, jobRef } from '@remuda/testing';
import { Worker } from '../../../apps/worker/src/worker.js';
import { LedEngines } from '../api/led-engine.js';
import { assignJob, worker } from '../redis/assign-job.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster, type Cluster } from './in-process-cluster.js';

const poll = { timeout: 30_000, interval: 20 };
const now: Formats = { ...messageFormats };

/** Has this process be one of another release. */
const become = (formats: Formats): void => void Object.assign(messageFormats, formats);
afterEach(() => become(now));

/** Has workers say that what they say is of the format that they have. */
const speaking =
  (formatOf: (worker: string) => number) =>
  (id: string, connection: RawConnection): void => {
    const send = connection.sendCommand.bind(connection);
    connection.sendCommand = (command, ...rest) => {
      if (command.name === 'xadd')
        command.args = command.args.map((arg) =>
          typeof arg === 'string' ? arg.replaceAll(/\{"v":\d+,/g, `{"v":${String(formatOf(id))},`) : arg,
        );
      return send(command, ...rest);
    };
  };

async function submit(cluster: Cluster): Promise<string> {
  const id = `j-${randomUUID()}`;
  await cluster.store.submit([{ id, spec: specOf() }]);
  return id;
}
const find = (cluster: Cluster, id: string) => cluster.store.find(jobRef(id));
const pool = async (cluster: Cluster) => (await cluster.pools.pools())[0];

test('a worker that is sent a newer assignment gives it back as a matter of ours, and leaves', async () => {
  await using server = await startRedis();
  const keys = redisKeys('t');
  const queues = new Queues(connectRaw(server.url, { name: 'test' }), keys);
  const queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
  const clock = new ManualClock(Date.now());
  await assignJob({ queues, queue, clock }, 'j-1');
  const place = keys.ticket(worker, 'j-1.1');
  const data = (await commandsOf(queues.connection).hget(place, 'data')) ?? '';
  expect(JSON.parse(data)).toMatchObject({ v: 1 });
  await commandsOf(queues.connection).hset(
    place,
    'data',
    JSON.stringify({ v: 2, job: 'j-1', lease: 1, instead: 'of all else' }),
  );
  const turn = vi.fn<() => never>();
  const left = new Worker({
    line: new RedisWorkerLine(() => connectRaw(server.url, { name: worker }), keys, worker),
    engine: new InstantEngine(turn),
    workspace: {
      prepare: () => Promise.resolve(undefined),
      collect: () => Promise.resolve({ warnings: [] }),
      clear: () => Promise.resolve(),
    },
    afterJobs: 1_000,
    drainMs: 10_000,
    clock: systemClock,
    log: createLogger({ name: 'worker', level: 'silent' }),
  }).run();
  await left;
  expect(turn).not.toHaveBeenCalled();
  const said = await commandsOf(queues.connection).xrange(keys.workerOut(worker), '-', '+');
  const reports = said.flatMap(([, fields]) => JSON.parse(fields[1] ?? '[]') as { kind: string }[]);
  const outcome = reports.find(({ kind }) => kind === 'outcome');
  expect(outcome).toMatchObject({
    ...{ v: 1, job: 'j-1', lease: 1 },
    outcome: { kind: 'failed', failure: { code: 'worker.incompatible', message: expect.stringContaining('2') } },
  });
  expect((await new RedisLeases(queues, clock).read('j-1'))?.job.state).toBe('assigned');
  await queue.close();
  await queues.close();
  queues.connection.close();
});

test('workers of a newer release are given no job; their profile says why, and goes on with the right image', async () => {
  await using redis = await startRedis();
  let format = 2;
  const cluster = await startInProcessCluster({
    ...{ redisUrl: redis.url, engine: () => new InstantEngine() },
    onConnection: speaking(() => format),
  });
  try {
    const id = await submit(cluster);
    await expect
      .poll(async () => (await pool(cluster))?.halts, poll)
      .toMatchObject([
        { kind: 'suspended', code: 'container.start_failed', reason: expect.stringMatching(/format 2.*knows 1/) },
      ]);
    expect(await find(cluster, id)).toMatchObject({ state: 'queued', attempt: 0 });
    expect(await cluster.figures()).toMatch(/^remuda_reports_refused_total\{.*reason="incompatible".*\} [1-9]/m);
    format = 1;
    await expect.poll(async () => (await find(cluster, id))?.state, poll).toBe('succeeded');
    expect((await pool(cluster))?.halts).toEqual([]);
  } finally {
    await cluster.stop();
  }
});

test('a job whose worker turns out to be newer goes on elsewhere, and loses no attempt', async () => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const newer = new Set<string>();
  const cluster = await startInProcessCluster({
    ...{ redisUrl: redis.url, engine: () => engines.make() },
    onConnection: speaking((id) => (newer.has(id) ? 2 : 1)),
  });
  try {
    const id = await submit(cluster);
    await engines.next();
    newer.add((await find(cluster, id))?.worker ?? '');
    (await engines.next()).succeed();
    await expect.poll(async () => (await find(cluster, id))?.state, poll).toBe('succeeded');
    expect(await find(cluster, id)).toMatchObject({ attempt: 2, failures: 0, requeues: 1 });
    expect(await cluster.deadLetters.attempts(jobRef(id))).toMatchObject([
      { failure: { code: 'worker.incompatible' } },
    ]);
  } finally {
    await cluster.stop();
  }
});

test('a scheduler of the next release lets workers of this one finish, gives them nothing more, and replaces them', async () => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const old = new Set<string>();
  const cluster = await startInProcessCluster({
    ...{ redisUrl: redis.url, engine: () => engines.make() },
    profile: { recycle: { afterJobs: 1_000, afterMs: 3_600_000, idleMs: 3_600_000 } },
    onConnection: speaking((id) => (old.has(id) ? 1 : messageFormats.own)),
  });
  try {
    const running = await submit(cluster);
    const turn = await engines.next();
    await expect.poll(async () => (await pool(cluster))?.workers.idle, poll).toBe(1);
    for (const { id } of await cluster.pools.workers()) old.add(id);
    for (const one of cluster.alive) await one.stop();
    cluster.alive.clear();
    become({ own: 2, oldest: 1 });
    const next = cluster.makeScheduler('s-next');
    cluster.alive.add(next);
    await next.start();
    const idleOfOld = async () =>
      (await cluster.pools.workers()).filter(({ id, phase }) => old.has(id) && phase === 'idle');
    await expect.poll(idleOfOld, poll).toEqual([]);
    const waiting = await submit(cluster);
    const second = await engines.next();
    expect(old.has((await find(cluster, waiting))?.worker ?? '')).toBe(false);
    second.succeed();
    turn.succeed();
    await expect.poll(async () => (await find(cluster, running))?.state, poll).toBe('succeeded');
    expect(await find(cluster, running)).toMatchObject({ attempt: 1, requeues: 0 });
    const left = async () => (await cluster.pools.workers()).filter(({ id }) => old.has(id));
    await expect.poll(left, poll).toEqual([]);
  } finally {
    await cluster.stop();
  }
});

test('a scheduler does not start on keys of a newer release, and leaves them alone', async () => {
  await using redis = await startRedis();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine() });
  try {
    expect(await cluster.redis.get(cluster.keys.format)).toBe('1');
    await settleFormat(cluster.redis, cluster.keys, { own: 2, oldest: 1 });
    const late = cluster.makeScheduler('s-late');
    await expect(late.start()).rejects.toMatchObject({ code: 'format.unsupported' });
    cluster.kill(late);
  } finally {
    await cluster.stop();
  }
});
