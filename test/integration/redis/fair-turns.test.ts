import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  correctLine,
  enterLine,
  leaveLine,
  limitEndsAt,
  nextLine,
  noTurns,
  settleTurn,
  spendingPeriods,
  takeTurn,
  turnCost,
  type FairTurns,
} from '@remuda/domain';
import {
  ProfileQueue,
  Queues,
  RedisDeadLetters,
  RedisJobStore,
  RedisLeases,
  Sweeps,
  WorkerRegistry,
  publishTenants,
  redisKeys,
  Leadership,
} from '@remuda/redis';
import { connectRaw, presenceOf, type RawConnection } from '@remuda/redis/testing';
import { ManualClock, jobRef, jobSpec } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';

let server: TestRedis;
let redis: RawConnection;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
  redis = connectRaw(server.url, { name: 'test' });
});
afterAll(async () => {
  redis.disconnect();
  await server.close();
});

/** A cluster of its own, with a scheduler's hand and as many workers as one likes. */
async function open() {
  const keys = redisKeys(`fair${String(++runs)}`);
  const clock = new ManualClock(Date.now());
  const queues = new Queues(redis, keys);
  const queue = new ProfileQueue(queues, 'default', 's-0');
  await queue.ready();
  const store = new RedisJobStore(redis, keys, clock);
  const leases = new RedisLeases(queues, clock);
  const registry = new WorkerRegistry(queues, presenceOf(queues, 's-0'));
  await new Leadership(queues, presenceOf(queues, 's-0')).pools(['default']);
  let workers = 0;
  let jobs = 0;
  const running = new Map<string, string>();
  const submit = async (tenant: string, count = 1, priority = 5): Promise<readonly string[]> => {
    const made = Array.from({ length: count }, () => ({
      ...{ id: `j-${String(++jobs)}`, tenant },
      spec: jobSpec({ priority }),
    }));
    return (await store.submit(made)).ids;
  };
  const claim = async () => {
    const held = await queue.claim();
    return held?.found ? { ...held, found: held.found } : undefined;
  };
  /** Claims the next job and gives it to a worker of its own; what came of it. */
  const start = async () => {
    const held = await claim();
    if (!held) return undefined;
    const worker = `w-${String(++workers)}`;
    await registry.register({ id: worker, profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 100 });
    await registry.note(worker, { phase: 'idle' }, ['job', 'lease']);
    const asked = { held, scheduler: 's-0', ...held.found, start: { kind: 'warm' as const }, models: [] };
    const assigned = await leases.assign(asked, worker);
    const { id, tenant } = held.found.job;
    if (assigned.kind === 'assigned') running.set(id, worker);
    else await queue.giveBack(held);
    return { id, tenant, kind: assigned.kind, held };
  };
  const settle = async (id: string, costUsd = 0): Promise<void> => {
    const result = {
      text: '',
      turns: 1,
      usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 },
      costUsd,
    };
    const { lease = 1 } = (await leases.read(id))?.job ?? {};
    const settled = await leases.settle(
      { job: id, worker: running.get(id) ?? '', lease },
      { state: 'succeeded', result },
    );
    expect(settled.kind).toBe('settled');
  };
  /** The tenants of so many next jobs. */
  const order = async (count: number): Promise<readonly (string | undefined)[]> => {
    const found: (string | undefined)[] = [];
    for (let i = 0; i < count; i++) found.push((await claim())?.found.job.tenant);
    return found;
  };
  const close = async (): Promise<void> => {
    await store.close();
    await queue.close();
    await queues.close();
  };
  return {
    keys,
    clock,
    queues,
    queue,
    store,
    leases,
    submit,
    claim,
    start,
    settle,
    order,
    close,
    sweeps: new Sweeps(queues),
  };
}

test("another tenant's first job comes before the rest of 500 of somebody else", async () => {
  const at = await open();
  await at.submit('acme', 500);
  expect(await at.order(3)).toEqual(['acme', 'acme', 'acme']);
  await at.submit('blue', 2);
  expect((await at.order(2)).includes('blue')).toBe(true);
  await at.submit('default', 1);
  expect((await at.order(2)).includes('default')).toBe(true);
  await at.close();
});

test('jobs that waited before there were other tenants take their turns as well', async () => {
  const at = await open();
  await at.submit('default', 3);
  await at.submit('acme', 3);
  expect((await at.order(6)).toSorted()).toEqual(['acme', 'acme', 'acme', 'default', 'default', 'default']);
  expect(await at.claim()).toBeUndefined();
  await at.close();
});

test("a tenant's priorities are among its own jobs", async () => {
  const at = await open();
  const [late] = await at.submit('acme', 1, 9);
  const [first] = await at.submit('acme', 1, 1);
  await at.submit('blue', 1, 10);
  const claimed = [await at.claim(), await at.claim(), await at.claim()].map((held) => held?.found.job);
  expect(claimed.map((job) => job?.tenant)).toContain('blue');
  expect(claimed.filter((job) => job?.tenant === 'acme').map((job) => job?.id)).toEqual([first, late]);
  await at.close();
});

test('turns are as the weights', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { acme: { weight: 3 } });
  await at.submit('acme', 40);
  await at.submit('blue', 40);
  const order = await at.order(40);
  expect(order.filter((tenant) => tenant === 'acme')).toHaveLength(30);
  await at.close();
});

test('whose jobs cost more gets fewer of them', async () => {
  const at = await open();
  await at.submit('dear', 100);
  await at.submit('cheap', 100);
  const counts = { dear: 0, cheap: 0 };
  for (let i = 0; i < 60; i++) {
    const started = await at.start();
    if (!started) break;
    counts[started.tenant as keyof typeof counts]++;
    await at.settle(started.id, started.tenant === 'dear' ? 2 : 0.2);
  }
  expect(counts.cheap / counts.dear).toBeGreaterThan(5);
  await at.close();
});

test('a job that is given back is the first of its tenant again, and its turn is not paid for', async () => {
  const at = await open();
  const [first] = await at.submit('acme', 2);
  await at.submit('blue', 1);
  const held = await at.claim();
  expect(held?.id).toBe(first);
  await at.queue.giveBack(held!);
  expect((await at.claim())?.id).toBe(first);
  expect((await at.order(2)).toSorted()).toEqual(['acme', 'blue']);
  await at.close();
});

test('a redriven job, and one whose time has come, wait in the line of their tenant', async () => {
  const at = await open();
  const [id] = await at.submit('acme');
  const started = await at.start();
  const failure = { code: 'engine.crashed', message: 'it crashed' } as const;
  await at.leases.settle({ job: id!, worker: 'w-1', lease: 1 }, { state: 'failed', failure });
  await at.queue.finish(started!.held, failure);
  const deadLetters = new RedisDeadLetters(redis, at.keys, at.clock);
  await at.submit('default', 1);
  expect(await deadLetters.redrive(jobRef(id!, 'acme'))).toEqual({ kind: 'redriven' });
  await at.store.submit([{ id: 'j-due', tenant: 'blue', spec: jobSpec({ runAt: at.clock.now() + 50 }) }]);
  await redis.zadd(at.keys.placed('default', 'delayed'), (Date.now() - 1_000) * 0x1000, 'j-due');
  expect((await at.order(3)).toSorted()).toEqual(['acme', 'blue', 'default']);
  expect(await at.store.position({ id: id!, spec: jobSpec(), state: 'assigned' })).toBeUndefined();
  await deadLetters.close();
  await at.close();
});

test('what a crash left out of the turns is found by the sweep', async () => {
  const at = await open();
  await at.submit('acme', 2);
  await at.submit('blue', 1);
  await redis.del(at.keys.fair('default'));
  expect(await at.claim()).toBeUndefined();
  await at.sweeps.relist('default');
  expect((await at.order(3)).toSorted()).toEqual(['acme', 'acme', 'blue']);
  await at.close();
});

test('a tenant at its limit of running jobs starts none, and the next one as soon as one has ended', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { '*': { running: 2 }, blue: { running: 1 } });
  await at.submit('acme', 4);
  await at.submit('blue', 2);
  const started = [await at.start(), await at.start(), await at.start()];
  expect(started.map((job) => job?.kind)).toEqual(['assigned', 'assigned', 'assigned']);
  expect(started.map((job) => job?.tenant).toSorted()).toEqual(['acme', 'acme', 'blue']);
  expect(await at.start()).toBeUndefined();
  expect(await at.queue.backlog()).toBe(0);
  await at.settle(started.find((job) => job?.tenant === 'blue')!.id);
  expect(await at.queue.backlog()).toBe(1);
  expect(await at.start()).toMatchObject({ kind: 'assigned', tenant: 'blue' });
  expect(await at.start()).toBeUndefined();
  await at.close();
});

test('a limit holds for the tenant of all who name none', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { default: { running: 1 } });
  await at.submit('default', 2);
  const first = await at.start();
  expect(first).toMatchObject({ kind: 'assigned' });
  expect(await at.start()).toBeUndefined();
  await at.settle(first!.id);
  expect(await at.start()).toMatchObject({ kind: 'assigned' });
  await at.close();
});

test('of two claims at once beyond the limit, one comes back and waits in front', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { acme: { running: 1 } });
  const [one, two, three] = await at.submit('acme', 3);
  const [a, b] = [await at.claim(), await at.claim()];
  expect([a?.id, b?.id]).toEqual([one, two]);
  await at.queue.giveBack(a!);
  const first = await at.start();
  expect(first).toMatchObject({ id: one, kind: 'assigned' });
  const refused = await at.leases.assign(
    { held: b!, scheduler: 's-0', ...b!.found, start: { kind: 'warm' }, models: [] },
    'w-1',
  );
  // The worker is busy: nothing is told of the limit before.
  expect(refused.kind).toBe('worker');
  await at.queue.giveBack(b!);
  await at.settle(one!);
  expect(await at.start()).toMatchObject({ id: two });
  expect(await at.store.position({ id: three!, spec: jobSpec(), state: 'queued' })).toBe(1);
  await at.close();
});

test('dollars are reserved before a job starts, and settled after it; a new day begins anew', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { acme: { usdPerDay: 1, reserveUsd: 0.4 } });
  await at.submit('acme', 5);
  const started = [await at.start(), await at.start()];
  expect(started.map((job) => job?.kind)).toEqual(['assigned', 'assigned']);
  expect(await at.start()).toMatchObject({ kind: 'limited' });
  expect(await at.start()).toBeUndefined();
  await at.settle(started[0]!.id, 0.1);
  expect(await at.start()).toMatchObject({ kind: 'assigned' });
  await at.settle(started[1]!.id, 0.8);
  expect(await at.start()).toMatchObject({ kind: 'limited' });
  const today = spendingPeriods(at.clock.now()).day;
  expect(await redis.hget(`${at.keys.tenant('acme')}:spent`, today)).toBe('900000');
  at.clock.jump(86_400_000);
  await at.sweeps.relist('default');
  expect(await at.start()).toMatchObject({ kind: 'assigned' });
  await at.close();
});

test('what is beyond the limit of waiting jobs is refused whole, with the limit', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { acme: { waiting: 3 } });
  await at.submit('acme', 2);
  await expect(at.submit('acme', 2)).rejects.toMatchObject({
    code: 'tenant.limit_reached',
    message: expect.stringContaining('"waiting"') as string,
  });
  await at.submit('blue', 10);
  await at.submit('acme', 1);
  await expect(at.submit('acme')).rejects.toMatchObject({ code: 'tenant.limit_reached' });
  let started = await at.start();
  while (started?.tenant !== 'acme') started = await at.start();
  await at.submit('acme');
  await at.close();
});

test('a submission after the dollars are spent is told when the limit ends; the same key still finds its jobs', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { '*': { usdPerMonth: 0.5 } });
  const idempotency = { tenant: 'acme', key: 'k', fingerprint: 'f' };
  const job = { id: 'j-once', tenant: 'acme', spec: jobSpec() };
  await at.store.submit([job], idempotency);
  const { id } = (await at.start())!;
  await at.settle(id, 0.6);
  const retryAfterMs = limitEndsAt('usdPerMonth', at.clock.now())! - at.clock.now();
  const refused = { code: 'tenant.limit_reached', extra: { retryAfterMs } };
  await expect(at.submit('acme')).rejects.toMatchObject(refused);
  await expect(at.store.submit([{ ...job, id: 'j-other' }], { ...idempotency, key: 'l' })).rejects.toMatchObject(
    refused,
  );
  expect(await at.store.submit([job], idempotency)).toEqual({ ids: ['j-once'], repeated: true });
  expect(await redis.exists(at.keys.idempotency('l', 'acme'))).toBe(0);
  await at.close();
});

/** What can happen to the lines of a profile. */
const step = fc.record({
  kind: fc.constantFrom('submit', 'submit', 'start', 'start', 'give back', 'settle'),
  tenant: fc.constantFrom('default', 'acme', 'blue', 'cyan'),
  costUsd: fc.integer({ min: 0, max: 40 }).map((tenths) => tenths / 8),
});

test('the scripts choose as the domain does, whatever happens', { timeout: 60_000 }, async () => {
  const weights = { acme: 3, blue: 0.5 } as const;
  const weightOf = (tenant: string): number => (weights as Readonly<Record<string, number>>)[tenant] ?? 1;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const at = await open();
      await publishTenants(redis, at.keys, { acme: { weight: 3 }, blue: { weight: 0.5 } });
      const lines = new Map([['default', '0']]);
      const waiting = new Map<string, number>();
      const charges = new Map<string, { readonly tenant: string; readonly charged: number }>();
      let turns: FairTurns | undefined;
      const enter = (tenant: string): void => {
        if (!turns && tenant === 'default') return;
        const isFirst = !turns;
        turns = enterLine(turns ?? noTurns, lines.get(tenant)!, weightOf(tenant));
        if (isFirst) turns = enterLine(turns, '0', 1);
      };
      for (const { kind, tenant, costUsd } of steps) {
        if (kind === 'submit') {
          if (!lines.has(tenant)) lines.set(tenant, String(lines.size));
          await at.submit(tenant, 2);
          waiting.set(tenant, (waiting.get(tenant) ?? 0) + 2);
          enter(tenant);
        } else if (kind === 'settle') {
          const [job] = charges.keys();
          if (job === undefined) continue;
          const { tenant: whose, charged } = charges.get(job)!;
          charges.delete(job);
          await at.settle(job, costUsd);
          if (turns)
            turns = settleTurn(turns, lines.get(whose)!, {
              cost: turnCost(0, costUsd),
              charged,
              weight: weightOf(whose),
            });
        } else {
          let expected: string | undefined = (waiting.get('default') ?? 0) > 0 ? '0' : undefined;
          let charged = 0;
          if (turns) {
            const nameOf = (line: string): string => [...lines].find(([, each]) => each === line)![0];
            while ((expected = nextLine(turns)) !== undefined && (waiting.get(nameOf(expected)) ?? 0) === 0)
              turns = leaveLine(turns, expected);
            if (expected !== undefined) {
              const before = turns.waiting.get(expected)!;
              turns = takeTurn(turns, expected);
              charged = turns.prices.get(expected)!;
              expect(turns.waiting.get(expected)! - before).toBeCloseTo(charged);
            }
          }
          const taken = kind === 'start' ? await at.start() : undefined;
          const held = kind === 'start' ? taken?.held : await at.claim();
          expect(held && lines.get(held.found.job.tenant)).toBe(expected);
          if (!held) continue;
          const whose = held.found.job.tenant;
          if (kind === 'start') {
            waiting.set(whose, waiting.get(whose)! - 1);
            charges.set(held.id, { tenant: whose, charged });
          } else {
            await at.queue.giveBack(held);
            if (turns) turns = correctLine(turns, lines.get(whose)!, -charged);
            enter(whose);
          }
        }
      }
      await at.close();
    }),
    { numRuns: 25 },
  );
});

test('what is known of the start of a job: its place, the turns before it, and whether a limit holds it up', async () => {
  const at = await open();
  await publishTenants(redis, at.keys, { blue: { running: 1 } });
  await redis.hset(at.keys.profiles, 'default', JSON.stringify({ warm: 1, max: 2 }));
  const of = (id: string, tenant: string) =>
    at.store.outlook({ id, tenant, spec: jobSpec(), state: 'queued' as const });
  await at.submit('acme', 3);
  for (let i = 0; i < 3; i++) {
    const started = (await at.start())!;
    await redis.hset(at.keys.job(started.id), 'claimedAt', at.clock.now() - 60_000);
    await at.settle(started.id);
    await at.queue.finish(started.held);
  }
  const [, last = ''] = await at.submit('acme', 2);
  const [first = '', second = ''] = await at.submit('blue', 2);
  expect(await of(first, 'blue')).toMatchObject({ position: 1, startsAt: at.clock.now() });
  const outlook = await of(last, 'acme');
  expect(outlook).toMatchObject({ position: 2 });
  // Two of `blue` and one of its own before it, and two workers, of which each takes a minute for a job.
  expect(outlook!.startsAt! - at.clock.now()).toBeCloseTo(60_000, -3);
  let started = await at.start();
  while (started?.tenant !== 'blue') started = await at.start();
  expect(await of(second, 'blue')).toEqual({ position: 1, limited: true });
  await at.close();
});
