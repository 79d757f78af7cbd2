import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiCluster } from './api-cluster.js';
import type { ApiCluster } from './api-cluster.js';
import { openSse } from './sse-client.js';

let cluster: ApiCluster;
beforeAll(async () => {
  cluster = await startApiCluster();
});
afterAll(() => cluster.stop());

const get = (path: string) => cluster.api.send('GET', path);
const parked = async (body: object = {}): Promise<string> =>
  (await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'hi', delayMs: 3_600_000, ...body })).json.id;

async function untilOver(id: string): Promise<void> {
  await (await openSse(cluster.api.url, id)).rest();
}

describe('a list', () => {
  test('goes on from page to page, newest first, each job once', async () => {
    const labels = { list: 'pages' };
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.unshift(await parked({ labels }));
    const found: string[] = [];
    for (let query = 'limit=2'; ;) {
      const page = (await get(`/api/v1/jobs?label=list:pages&${query}`)).json;
      found.push(...page.jobs.map((job) => job.id));
      if (page.nextCursor === undefined) break;
      query = `limit=2&cursor=${page.nextCursor}`;
    }
    expect(new Set(found)).toEqual(new Set(ids));
    expect(found).toHaveLength(5);
  });

  test('shows a state, a profile, a label', async () => {
    const id = await parked({ labels: { colour: 'red:ish' } });
    const ids = async (query: string) => (await get(`/api/v1/jobs?${query}`)).json.jobs.map((j) => j.id);
    expect(await ids('label=colour:red:ish')).toEqual([id]);
    expect(await ids('label=colour:red:ish&state=queued&profile=default')).toEqual([id]);
    expect(await ids('label=colour:red:ish&state=failed')).toEqual([]);
    expect(await ids('label=colour:blue')).toEqual([]);
    expect(await ids('profile=other')).toEqual([]);
  });
});

describe('a cancel', () => {
  test('of a job that waits ends it at once', async () => {
    const id = await parked();
    const answer = await cluster.api.send('POST', `/api/v1/jobs/${id}/cancel`, { reason: 'not needed' });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      state: 'cancelled',
      failure: { code: 'job.cancelled', message: 'not needed' },
    });
  });

  test('of a job that runs is passed on, and its partial result is kept', async () => {
    const { id } = await cluster.begin();
    const answer = await cluster.api.send('POST', `/api/v1/jobs/${id}/cancel`);
    expect(answer.status).toBe(202);
    expect(answer.json).toHaveProperty('cancelRequestedAt');
    await untilOver(id);
    const result = await get(`/api/v1/jobs/${id}/result`);
    expect(result.json).toMatchObject({ id, state: 'cancelled', failure: { code: 'job.cancelled' }, text: 'so far' });
  });

  test('of a job that is over is job.cannot_cancel', async () => {
    const id = await parked();
    await cluster.api.send('POST', `/api/v1/jobs/${id}/cancel`);
    const again = await cluster.api.send('POST', `/api/v1/jobs/${id}/cancel`);
    expect(again.status).toBe(409);
    expect(again.json.code).toBe('job.cannot_cancel');
  });
});

describe('a result', () => {
  test('is job.not_over until it is there', async () => {
    const { id, led } = await cluster.begin();
    const early = await get(`/api/v1/jobs/${id}/result`);
    expect(early.status).toBe(409);
    expect(early.json.code).toBe('job.not_over');
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    led.succeed({ text: 'hello', structured: { a: 1 } });
    await untilOver(id);
    const result = await get(`/api/v1/jobs/${id}/result`);
    expect(result.json).toMatchObject({ id, state: 'succeeded', text: 'hello', structured: { a: 1 }, turns: 1 });
  });
});

test('a job that runs says where, since when, and how warm it started', async () => {
  const { id, led } = await cluster.begin();
  const look = async () => (await get(`/api/v1/jobs/${id}`)).json;
  await expect
    .poll(look)
    .toMatchObject({ state: 'running', attempt: 1, start: { kind: expect.stringMatching(/^(warm|cold)$/) } });
  const job = await look();
  expect(Date.parse(job.times.startedAt)).toBeGreaterThanOrEqual(Date.parse(job.times.claimedAt));
  const workers = (await get('/api/v1/workers')).json.workers;
  expect(workers.find((worker) => worker.id === job.worker)).toMatchObject({
    job: id,
    profile: 'default',
    phase: 'busy',
  });
  led.succeed();
  await untilOver(id);
  expect((await get(`/api/v1/jobs/${id}`)).json).toMatchObject({
    state: 'succeeded',
    costUsd: 0.5,
    turns: 1,
    usage: { outputTokens: 7 },
  });
});

test('a job that waits says at which place', async () => {
  const running = [await cluster.begin(), await cluster.begin()];
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'hi' })).json.id);
  const places = await Promise.all(ids.map(async (id) => (await get(`/api/v1/jobs/${id}`)).json.queuePosition));
  expect(places).toEqual([1, 2, 3]);
  for (const { led } of running) led.succeed();
  for (let i = 0; i < ids.length; i++) (await cluster.engines.next()).succeed();
  await Promise.all(ids.map(untilOver));
});

test('the pools tell their workers and their queue', async () => {
  const { pools } = (await get('/api/v1/pools')).json;
  expect(pools).toMatchObject([
    { profile: 'default', max: 2, suspended: false, workers: { draining: expect.any(Number) } },
  ]);
});
