import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  Housekeeping,
  ProfileQueue,
  Queues,
  RedisJobStore,
  RedisLeases,
  Sweeps,
  Leadership,
  WorkerRegistry,
  publishTenants,
  readTenantJobs,
  redisKeys,
  type RedisKeys,
} from '@remuda/redis';
import { connectRaw, presenceOf, type RawConnection } from '@remuda/redis/testing';
import { ManualClock, jobSpec } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

let server: TestRedis;
let redis: RawConnection;
let runs = 0;
let keys: RedisKeys;
let queues: Queues;
let queue: ProfileQueue;
let store: RedisJobStore;
let leases: RedisLeases;
let housekeeping: Housekeeping;
beforeAll(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});

beforeEach(async () => {
  keys = redisKeys(`check${String(++runs)}`);
  const clock = new ManualClock(Date.now());
  queues = new Queues(redis, keys);
  queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
  await new Leadership(queues, presenceOf(queues, 's-0')).pools(['default']);
  store = new RedisJobStore(redis, keys, clock);
  leases = new RedisLeases(queues, clock);
  housekeeping = new Housekeeping(redis, keys);
  return async () => {
    await store.close();
    await queue.close();
    await queues.close();
  };
});

const submit = (tenant: string, ...ids: readonly string[]) =>
  store.submit(ids.map((id) => ({ id, tenant, spec: jobSpec() })));
const counted = async (tenant: string, what: 'waiting' | 'running'): Promise<readonly string[]> =>
  (await redis.smembers(`${keys.tenant(tenant)}:${what}`)).toSorted();
/** Claims the next job and gives it to a new worker. */
async function start(): Promise<string | undefined> {
  const held = await queue.claim();
  if (!held?.found) return undefined;
  const worker = `w-of-${held.id}`;
  const registry = new WorkerRegistry(queues, presenceOf(queues, 's-0'));
  await registry.register({ id: worker, profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 100 });
  await registry.note(worker, { phase: 'idle' }, ['job', 'lease']);
  const asked = { held, scheduler: 's-0', ...held.found, start: { kind: 'warm' as const }, models: [] };
  const { kind } = await leases.assign(asked, worker);
  if (kind !== 'assigned') await queue.giveBack(held);
  return kind === 'assigned' ? held.id : undefined;
}

test('jobs without a record count as waiting no longer, so that their tenant may submit again', async () => {
  await publishTenants(redis, keys, { acme: { waiting: 2 }, default: { waiting: 1 } });
  await submit('acme', 'j-1');
  await redis.sadd(`${keys.tenant('acme')}:waiting`, 'j-gone');
  await redis.sadd(`${keys.tenant('default')}:waiting`, 'j-gone', 'j-1');
  await expect(submit('acme', 'j-2')).rejects.toMatchObject({ code: 'tenant.limit_reached' });
  await expect(submit('default', 'j-3')).rejects.toMatchObject({ code: 'tenant.limit_reached' });
  await housekeeping.look();
  await submit('acme', 'j-2');
  await submit('default', 'j-3');
  expect(await counted('acme', 'waiting')).toEqual(['j-1', 'j-2']);
  expect(await counted('default', 'waiting')).toEqual(['j-3']);
});

test('jobs that do not run count as running no longer, nor do their dollars; those that run still do', async () => {
  await publishTenants(redis, keys, { acme: { running: 2, usdPerDay: 10, reserveUsd: 1 } });
  await submit('acme', 'j-1', 'j-2', 'j-3');
  expect(await start()).toBe('j-1');
  await redis.sadd(`${keys.tenant('acme')}:running`, 'j-gone', 'j-3');
  await redis.hincrby(`${keys.tenant('acme')}:spent`, 'reserved', 9_000_000);
  expect(await start()).toBeUndefined();
  await housekeeping.look();
  expect(await counted('acme', 'running')).toEqual(['j-1']);
  expect(await redis.hget(`${keys.tenant('acme')}:spent`, 'reserved')).toBe('1000000');
  await new Sweeps(queues).relist('default');
  expect(await start()).toBe('j-2');
});

test('jobs that wait or run, and are not counted, are counted again', async () => {
  await submit('acme', 'j-1', 'j-2');
  expect(await start()).toBe('j-1');
  await redis.del(`${keys.tenant('acme')}:waiting`, `${keys.tenant('acme')}:running`);
  await housekeeping.look();
  expect([await counted('acme', 'running'), await counted('acme', 'waiting')]).toEqual([['j-1'], ['j-2']]);
});

test('all tenants are looked at, and all jobs of one that has many, in a number of steps', async () => {
  const tenants = Array.from({ length: 70 }, (_, i) => `t-${String(i)}`);
  for (const tenant of tenants) {
    await submit(tenant, `j-${tenant}`);
    await redis.sadd(`${keys.tenant(tenant)}:waiting`, 'j-gone');
  }
  const gone = Array.from({ length: 3_000 }, (_, i) => `j-gone-${String(i)}`);
  await redis.sadd(`${keys.tenant('t-7')}:waiting`, ...gone);
  const left = async (): Promise<number> => {
    await housekeeping.look();
    return (await Promise.all(tenants.map((tenant) => counted(tenant, 'waiting')))).flat().length;
  };
  expect(await left()).toBeGreaterThan(70);
  await expect.poll(left, { interval: 0, timeout: 20_000 }).toBe(70);
});

test('the jobs of each tenant that has any are counted, also where there are more than one script looks at', async () => {
  await submit('default', 'j-1');
  await submit('acme', 'j-2', 'j-3');
  expect([await start(), await start()].toSorted()).toEqual(['j-1', 'j-2']);
  await redis.hset(
    keys.tenantLines,
    Object.fromEntries(Array.from({ length: 2_500 }, (_, i) => [`t-${String(i)}`, i])),
  );
  await redis.sadd(`${keys.tenant('t-2499')}:waiting`, 'j-4');
  const found = await readTenantJobs(redis, keys);
  expect(found.toSorted((a, b) => (a.tenant < b.tenant ? -1 : 1))).toEqual([
    { tenant: 'acme', waiting: 1, running: 1 },
    { tenant: 'default', waiting: 0, running: 1 },
    { tenant: 't-2499', waiting: 1, running: 0 },
  ]);
});
