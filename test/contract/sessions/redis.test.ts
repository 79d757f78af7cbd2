import { RedisSessionStore, RedisSnapshots, RedisTurnLog, SessionExpiry } from '@remuda/redis';
import { jobSpec } from '@remuda/testing';
import { connectRaw } from '@remuda/redis/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { openRedisJobs, worker } from '../redis-jobs.js';
import { sessionStoreContract } from './session-store.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

sessionStoreContract('The one in Redis', async () => {
  const { store, take, leases, redis, keys, clock, close } = await openRedisJobs(
    server.url,
    `sessions-${String(++runs)}`,
  );
  // No two sessions are of the same time, so that their list has an order.
  let ticks = 0;
  const ticking = Object.assign(Object.create(clock) as typeof clock, {
    now: () => clock.now() + ++ticks,
    monotonic: () => clock.monotonic(),
  });
  const turns = new RedisTurnLog(() => connectRaw(server.url, { name: 'contract-turns' }), keys);
  return {
    close: async () => {
      await turns.close();
      await close();
    },
    ...{ turns, store, take, index: new RedisSnapshots(redis, keys) },
    sessions: new RedisSessionStore(redis, keys, ticking),
    forget: async (id) => {
      await redis.del(keys.job(id));
    },
    keep: (job, lost) => leases.endKeeping({ job, worker, lease: 1 }, lost),
    end: async (job, ending) => {
      const settled = await leases.settle({ job, worker, lease: 1 }, ending);
      if (settled.kind !== 'settled') throw new Error(`The job could not be settled: ${settled.kind}.`);
    },
  };
});

test('a session that nobody has used for long is removed with its snapshots, one with a turn is not, nor is one in use', async () => {
  const { leases, redis, keys, clock, store, take, close } = await openRedisJobs(server.url, 'sessions-unused');
  const raw = connectRaw(server.url, { name: 'contract-expiry' });
  const sessions = new RedisSessionStore(redis, keys, clock);
  const settings = { profile: 'default', workspace: { kind: 'empty' }, idleMs: 0, labels: {}, metadata: {} } as const;
  const ref = (id: string) => ({ tenant: 'acme', id });
  const turn = (id: string, job: string) => sessions.submit({ session: ref(id), job: { id: job, spec: jobSpec() } });
  for (const id of ['s-old', 's-stopped', 's-turn', 's-new'])
    await sessions.create({ ...ref(id), settings, concurrent: 'queue', keepTurns: 1 });
  await turn('s-old', 'j-1');
  await take();
  const snapshot = { sessionId: '00000000-0000-4000-8000-000000000001', at: 5, lease: 1, bytes: 1, sessionBytes: 1 };
  const index = new RedisSnapshots(redis, keys);
  await index.note('j-1', worker, snapshot);
  await leases.settle({ job: 'j-1', worker, lease: 1 }, { state: 'succeeded' });
  await turn('s-turn', 'j-2');
  await sessions.stop(ref('s-stopped'));
  for (const id of ['s-old', 's-stopped', 's-turn']) await raw.hset(keys.session(id), 'changedAt', 1);
  await raw.hset(keys.session('s-new'), 'changedAt', Date.now());
  const expiry = new SessionExpiry(redis, keys, 3_600_000);
  for (let looks = 0; looks < 3; looks++) await expiry.look();
  const { sessions: left } = await sessions.list({ tenant: 'acme', limit: 10 });
  expect(left.map(({ id }) => id).sort()).toEqual(['s-new', 's-turn']);
  expect(await sessions.find(ref('s-old'))).toBeUndefined();
  expect((await index.keptBySessions(['j-1'])).size).toBe(0);
  expect(await store.find({ tenant: 'acme', id: 'j-1' })).toMatchObject({ state: 'succeeded' });
  raw.disconnect();
  await close();
});
