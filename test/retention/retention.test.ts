import { jobRef } from '@remuda/testing';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isOver } from '@remuda/domain';
import { RedisModelCounts, RedisSnapshots, retentionOf } from '@remuda/redis';
import type { RawConnection } from '@remuda/redis/testing';
import { startInProcessCluster, type Cluster } from '../integration/cluster/in-process-cluster.js';
import { startRedis, type TestRedis } from '../integration/redis.js';
import { sized } from '../proof-size.js';
import { engineOf, jobOf, kinds, type Kind } from './mixed-jobs.js';

/** Two rounds of so many jobs: what the first one leaves is what the second one leaves, too. */
const jobsOfRound = sized({ small: 220, whole: 5_000 });
/** Jobs that wait for next month stand in front of all others in the list of jobs: more than are looked at in one go. */
const waiting = 600;
const monthMs = 30 * 86_400_000;
const atOnce = 110;

let server: TestRedis;
let admin: RawConnection;
let cluster: Cluster;
let snapshots: RedisSnapshots;
let counts: RedisModelCounts;
/** What turns wait for that end when their snapshot is noted. */
const gates = new Map<string, { readonly promise: Promise<void>; readonly open: () => void }>();

beforeAll(async () => {
  server = await startRedis();
  cluster = await start(retentionOf({ days: 7, megabytes: 0 }));
  admin = cluster.redis;
});
afterAll(async () => {
  await cluster.stop();
  await server.close();
});

async function start(retention: ReturnType<typeof retentionOf>, namespace?: string): Promise<Cluster> {
  const started = await startInProcessCluster({
    redisUrl: server.url,
    retention,
    ...(namespace === undefined ? {} : { namespace }),
    profile: { pool: { warm: 4, max: 4 }, recycle: { afterJobs: 1_000, afterMs: 3_600_000, idleMs: 300_000 } },
    engine: engineOf((id) => gateOf(id).promise),
  });
  snapshots = new RedisSnapshots(started.redis, started.keys);
  counts = new RedisModelCounts(started.redis, started.keys);
  return started;
}

function gateOf(id: string) {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  const gate = gates.get(id) ?? { promise, open };
  gates.set(id, gate);
  return gate;
}

const stateOf = async (id: string) => (await cluster.store.find(jobRef(id)))?.state;
const running = (id: string) => expect.poll(() => stateOf(id), { timeout: 60_000, interval: 20 }).toBe('running');
async function over(id: string): Promise<void> {
  await expect.poll(async () => isOver((await stateOf(id)) ?? 'queued'), { timeout: 60_000, interval: 50 }).toBe(true);
}

/** Takes one job from its submission to its end. */
async function live(kind: Kind, id: string): Promise<void> {
  const { store, deadLetters } = cluster;
  await store.submit(
    [jobOf(kind, id, Date.now())],
    kind === 'once' ? { key: `key-${id}`, fingerprint: id } : undefined,
  );
  if (kind === 'cancelled queued') await store.cancel(jobRef(id), 'not wanted');
  if (kind === 'cancelled running') {
    await running(id);
    await store.cancel(jobRef(id), 'not wanted');
  }
  if (kind === 'snapshot') await noteSnapshot(id);
  await over(id);
  if (kind === 'redriven') {
    expect(await deadLetters.redrive(jobRef(id))).toEqual({ kind: 'redriven' });
    await over(id);
  }
  await counts.requested(id, Date.now()); // late, as a request that outlives its job
}

async function noteSnapshot(id: string): Promise<void> {
  await running(id);
  const { worker = '', lease } = (await cluster.store.find(jobRef(id)))!;
  const snapshot = { sessionId: 's', at: 1, lease, copy: '0123456789abcdef', bytes: 9, sessionBytes: 3 };
  await snapshots.note(id, worker, snapshot);
  gateOf(id).open();
}

async function round(name: string): Promise<void> {
  for (let from = 0; from < jobsOfRound; from += atOnce) {
    const ids = Array.from({ length: Math.min(atOnce, jobsOfRound - from) }, (_, i) => from + i);
    await Promise.all(ids.map((i) => live(kinds[i % kinds.length]!, `${name}-${String(i)}`)));
  }
}

/** Begins again with a retention of no time at all, until nothing of the round is left. */
async function forgetAll(namespace: string): Promise<void> {
  await cluster.stop();
  cluster = await start(retentionOf({ days: 1e-9, megabytes: 0 }), namespace);
  admin = cluster.redis;
  const { redis, keys } = cluster;
  await expect.poll(() => redis.zcard(keys.jobs), { timeout: 300_000, interval: 200 }).toBe(waiting);
  await expect.poll(() => redis.exists(keys.over, keys.deadLetters, keys.cancels), { timeout: 60_000 }).toBe(0);
  await expect.poll(leftOfWorkers, { timeout: 60_000, interval: 200 }).toEqual([]);
}

/** Keys of workers that are gone: they are looked for beside the jobs. */
async function leftOfWorkers(): Promise<readonly string[]> {
  const workers = await admin.smembers(cluster.keys.workers);
  const ownerOf = (key: string): string | undefined => /:(?:wk:|worker\.)([a-z0-9-]+):/.exec(key)?.[1];
  return (await admin.keys('*')).filter((key) => !workers.includes(ownerOf(key) ?? workers[0] ?? ''));
}

/** Every key and, of each, whether it has an end of its own. Those of workers come and go with them. */
async function lastingKeys(): Promise<readonly string[]> {
  const { namespace } = cluster;
  const all = (await admin.keys('*')).filter((key) => !/:(?:wk:|worker[:.]|job:next-)|jobs\.default:next-/.test(key));
  const ends = await Promise.all(all.map((key) => admin.pttl(key)));
  return all.filter((_, i) => ends[i] === -1).map((key) => key.replace(`{${namespace}}:`, ''));
}

async function memory(): Promise<number> {
  return Number(/used_memory_dataset:(\d+)/.exec(await admin.info('memory'))?.[1]);
}

/** Keys without an end, as the runbook lists them. */
async function listed(): Promise<readonly RegExp[]> {
  const text = await readFile(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const section = text.slice(text.indexOf('## What Redis keeps'));
  const names = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, name = '']) => name);
  return names.map((name) => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll(/<[a-z]+>/g, '[^:]+')}$`));
}

test(
  `${String(2 * jobsOfRound)} jobs of all kinds leave nothing behind once they are forgotten`,
  { timeout: 1_800_000 },
  async () => {
    const { namespace } = cluster;
    const month = Date.now() + monthMs;
    const next = Array.from({ length: waiting }, (_, i) => jobOf('succeeded', `next-${String(i)}`, 0));
    for (let i = 0; i < waiting; i += 100)
      await cluster.store.submit(
        next.slice(i, i + 100).map(({ id, spec }) => ({ id, spec: { ...spec, runAt: month } })),
      );

    await round('first');
    const allowed = await listed();
    const unlisted = (names: readonly string[]) => names.filter((name) => !allowed.some((each) => each.test(name)));
    expect(unlisted(await lastingKeys())).toEqual([]);
    await forgetAll(namespace);
    const [firstKeys, firstMemory] = [await lastingKeys(), await memory()];
    expect(unlisted(firstKeys)).toEqual([]);
    expect(firstKeys.filter((name) => /^jobs:label|first-/.test(name))).toEqual([]);

    await cluster.stop();
    cluster = await start(retentionOf({ days: 7, megabytes: 0 }), namespace);
    admin = cluster.redis;
    await round('second');
    const full = await memory();
    await forgetAll(namespace);
    const ofJobs = (names: readonly string[]) => names.filter((name) => !name.startsWith('service:')).sort();
    expect(ofJobs(await lastingKeys())).toEqual(ofJobs(firstKeys));
    let lastMemory = 0;
    // What is under way takes memory too, for a moment.
    const grown = async (): Promise<number> => (lastMemory = await memory()) - firstMemory;
    await expect.poll(grown, { timeout: 60_000, interval: 500 }).toBeLessThan((full - firstMemory) / 20);
    process.stdout.write(
      `${String(2 * jobsOfRound)} jobs: ${String(full)} bytes with those of one round, ${String(firstMemory)} after the first, ${String(lastMemory)} after the second\n`,
    );
  },
);
