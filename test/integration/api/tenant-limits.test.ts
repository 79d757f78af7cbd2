import { afterAll, beforeAll, expect, test } from 'vitest';
import { startApiCluster, type ApiCluster } from './api-cluster.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';
import type { Answer, Told } from './running-api.js';

type Headers = ReturnType<typeof bearer>;

let cluster: ApiCluster;
/** Headers of a tenant of which two jobs may wait, of one of which one may run, and of one without limits. */
let [few, single, free]: readonly Headers[] = [];
beforeAll(async () => {
  const tenants = { few: { waiting: 2 }, single: { running: 1 } };
  cluster = await startApiCluster({ env: { REMUDA_JWT_SECRET: jwtSecret }, tenants, headers: await of('free') });
  [few, single, free] = [await of('few'), await of('single'), await of('free')];
});
afterAll(() => cluster.stop());

const of = async (tenant: string): Promise<Headers> => bearer(await signJwt(tenant));
const later = { prompt: 'later', delayMs: 3_600_000 };
const submit = (headers: Headers | undefined, body: object = { prompt: 'hi' }): Promise<Answer> =>
  cluster.api.send('POST', '/api/v1/jobs', body, headers);
const read = async (id: string, headers: Headers | undefined): Promise<Told> =>
  (await cluster.api.send('GET', `/api/v1/jobs/${id}`, undefined, headers)).json;

test('beyond the limit of waiting jobs, a submission is refused with the limit and when to try again', async () => {
  const accepted = [await submit(few, later), await submit(few, later)];
  expect(accepted.map(({ status }) => status)).toEqual([202, 202]);
  const refused = await submit(few, later);
  expect([refused.status, refused.json.code]).toEqual([429, 'tenant.limit_reached']);
  expect(refused.json.detail).toMatch(/\b2 jobs waiting .*limit "waiting"/);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await cluster.api.send('GET', '/api/v1/jobs', undefined, few)).json.jobs).toHaveLength(2);
  expect((await submit(free, later)).status).toBe(202);
  await cluster.api.send('POST', `/api/v1/jobs/${accepted[0]?.json.id ?? ''}/cancel`, {}, few);
  expect((await submit(few, later)).status).toBe(202);
});

test('a tenant sees how it stands and what holds it up, and an admin sees all that have jobs', async () => {
  const tenantsOf = async (headers: Headers | undefined) => {
    const { tenants } = (await cluster.api.send('GET', '/api/v1/tenants', undefined, headers)).json as unknown as {
      readonly tenants: readonly { readonly tenant: string }[];
    };
    return tenants;
  };
  const asReader = async (tenant: string) => bearer(await signJwt(tenant, { scope: 'jobs:read' }));
  const spent = { dayUsd: 0, monthUsd: 0, reservedUsd: 0 };
  expect(await tenantsOf(await asReader('few'))).toEqual([
    {
      ...{ tenant: 'few', waiting: 2, running: 0, limits: { waiting: 2 }, spent },
      ...{ holds: [{ limit: 'waiting' }], heldIn: [] },
    },
  ]);
  expect(await tenantsOf(await asReader('nobody'))).toEqual([
    { tenant: 'nobody', waiting: 0, running: 0, limits: {}, spent, holds: [], heldIn: [] },
  ]);
  const all = await tenantsOf(bearer(await signJwt('free', { scope: 'jobs:read admin' })));
  expect(all.map(({ tenant }) => tenant)).toEqual(['few', 'free']);
  const none = bearer(await signJwt('few', { scope: 'sessions:read' }));
  expect((await cluster.api.send('GET', '/api/v1/tenants', undefined, none)).status).toBe(403);
});

test('a job that the limit of running jobs holds back says so, and starts when the one before it has ended', async () => {
  const first = await cluster.begin({}, single);
  const { id } = (await submit(single)).json;
  const held = await read(id, single);
  expect(held).toMatchObject({ state: 'queued', queuePosition: 1, limited: true });
  expect(held).not.toHaveProperty('estimatedStartAt');
  const { tenants } = (await cluster.api.send('GET', '/api/v1/tenants', undefined, single)).json as unknown as {
    readonly tenants: readonly { readonly tenant: string }[];
  };
  expect(tenants.find(({ tenant }) => tenant === 'single')).toMatchObject({
    ...{ waiting: 1, running: 1, limits: { running: 1 } },
    ...{ holds: [{ limit: 'running' }], heldIn: ['default'] },
  });
  first.led.succeed();
  const second = await cluster.engines.next();
  const started = await read(id, single);
  for (const field of ['queuePosition', 'limited', 'estimatedStartAt']) expect(started).not.toHaveProperty(field);
  second.succeed();
});

test('a job that waits for a worker says when it probably starts, once it is known how long jobs take', async () => {
  for (let i = 0; i < 3; i++) {
    const { id, led } = await cluster.begin();
    led.succeed();
    await expect.poll(async () => (await read(id, free)).state, { timeout: 30_000 }).toBe('succeeded');
  }
  const busy = [await cluster.begin(), await cluster.begin()];
  const waiting = [(await submit(free)).json.id, (await submit(free)).json.id, (await submit(free)).json.id];
  const before = Date.now();
  const told = await Promise.all(waiting.map((id) => read(id, free)));
  expect(told.map(({ queuePosition }) => queuePosition)).toEqual([1, 2, 3]);
  const starts = told.map(({ estimatedStartAt = '' }) => Date.parse(estimatedStartAt));
  expect(starts).toEqual(starts.toSorted((a, b) => a - b));
  expect(starts[0]).toBeGreaterThanOrEqual(before - 1_000);
  for (const job of told) expect(job).not.toHaveProperty('limited');
  for (const { led } of busy) led.succeed();
  for (let i = 0; i < waiting.length; i++) (await cluster.engines.next()).succeed();
});
