import { afterEach, beforeEach, expect, test } from 'vitest';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { publish, startApi } from './running-api.js';
import type { RunningApi } from './running-api.js';
import { openSse } from './sse-client.js';

let redis: TestRedis;
let api: RunningApi;
beforeEach(async () => {
  redis = await startRedis();
  api = await startApi(redis.url);
});
afterEach(async () => {
  await api.close();
  await redis.close();
});

const submit = () => api.send('POST', '/api/v1/jobs', { prompt: 'hi' });

/** The answer and how long it took, in ms. */
async function timed<T>(act: () => Promise<T>): Promise<[T, number]> {
  const before = performance.now();
  const answer = await act();
  return [answer, performance.now() - before];
}

test('while Redis is away every request gets a 503 with Retry-After at once, and it comes back by itself', async () => {
  const { id } = (await submit()).json;
  await redis.stop();
  const routes: [string, string, unknown?][] = [
    ['POST', '/api/v1/jobs', { prompt: 'hi' }],
    ['POST', '/api/v1/jobs/batch', { jobs: [{ prompt: 'hi' }] }],
    ['GET', '/api/v1/jobs'],
    ['GET', `/api/v1/jobs/${id}`],
    ['GET', `/api/v1/jobs/${id}/events`],
    ['GET', `/api/v1/jobs/${id}/result`],
    ['POST', `/api/v1/jobs/${id}/cancel`],
    ['GET', '/api/v1/workers'],
    ['GET', '/api/v1/pools'],
  ];
  for (const [method, path, body] of routes) {
    const [answer, ms] = await timed(() => api.send(method, path, body));
    expect(answer.json, `${method} ${path}`).toMatchObject({ status: 503, code: 'redis.unavailable' });
    expect(answer.headers.get('retry-after')).toBe('1');
    // at once where the machine has time; what waited for Redis would take until it is back
    expect(ms).toBeLessThan(10_000);
  }
  expect((await api.send('GET', '/health/ready')).status).toBe(503);
  expect((await api.send('GET', '/health/live')).status).toBe(200);
  expect((await api.send('POST', '/api/v1/jobs', { prompt: '' })).status).toBe(400);

  await redis.start();
  await expect.poll(async () => (await submit()).status, { interval: 20, timeout: 10_000 }).toBe(202);
  expect((await api.send('GET', '/health/ready')).status).toBe(200);
  expect((await api.send('GET', `/api/v1/jobs/${id}`)).json.id).toBe(id);
});

test('an open event stream outlives an outage and misses nothing', async () => {
  const { id } = (await submit()).json;
  const stream = await openSse(api.url, id);
  expect((await stream.next())?.type).toBe('job.queued');
  await redis.stop();
  await redis.start();
  await expect.poll(async () => (await api.send('POST', `/api/v1/jobs/${id}/cancel`)).status).toBe(200);
  expect((await stream.rest()).map((event) => [event.id, event.type])).toEqual([[2, 'job.over']]);
});

test('an api that starts while Redis is away serves once it is there', async () => {
  await redis.stop();
  const early = await startApi(redis.url, { profiles: [], namespace: 'early' });
  try {
    expect((await early.send('GET', '/api/v1/jobs')).status).toBe(503);
    await redis.start();
    await expect.poll(async () => (await early.send('GET', '/api/v1/jobs')).status, { timeout: 5_000 }).toBe(200);
  } finally {
    await early.close();
  }
});

test('before a scheduler has published a profile, a job is not refused but put off', async () => {
  const early = await startApi(redis.url, { profiles: [], namespace: 'no-profiles' });
  try {
    const answer = await early.send('POST', '/api/v1/jobs', { prompt: 'hi' });
    expect(answer.json).toMatchObject({ status: 503, code: 'service.starting' });
    expect(answer.headers.get('retry-after')).toBe('1');
    await publish(redis.url, 'no-profiles', ['default']);
    await expect.poll(async () => (await early.send('POST', '/api/v1/jobs', { prompt: 'hi' })).status).toBe(202);
  } finally {
    await early.close();
  }
});

test('a first job that comes during an outage does not spoil those after it', async () => {
  const early = await startApi(redis.url, { profiles: [], namespace: 'first-job' });
  try {
    await publish(redis.url, 'first-job', ['default']);
    expect((await early.send('POST', '/api/v1/jobs', { prompt: '' })).status).toBe(400);
    await expect
      .poll(async () => (await early.send('POST', '/api/v1/jobs', { prompt: 'hi', profile: 'x' })).status)
      .toBe(400);
    await redis.stop();
    expect((await early.send('POST', '/api/v1/jobs', { prompt: 'hi' })).status).toBe(503);
    await redis.start();
    await expect.poll(async () => (await early.send('POST', '/api/v1/jobs', { prompt: 'hi' })).status).toBe(202);
  } finally {
    await early.close();
  }
});
