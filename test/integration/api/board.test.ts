import { afterAll, beforeAll, expect, test } from 'vitest';
import { redisKeys } from '@remuda/protocol';
import { Queues, connectRedis } from '@remuda/queue';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { publish, startApi } from './running-api.js';
import type { RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url);
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

const board = '/admin/queues/api/queues';
const shown = async (of: RunningApi): Promise<string[]> =>
  (await of.send('GET', board)).json.queues.map((queue) => queue.name).sort();

test('the board is a page, and shows the queue of each profile', async () => {
  const page = await api.send('GET', '/admin/queues');
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toContain('text/html');
  const script = /src="([^"]+\.js)"/.exec(page.text)?.[1] ?? '';
  expect((await fetch(new URL(script, `${api.url}/admin/queues/`))).status).toBe(200);
  await expect.poll(() => shown(api)).toEqual(['jobs.default']);
});

test('queues come and go while it runs', async () => {
  await publish(redis.url, api.namespace, ['default', 'big']);
  await expect.poll(() => shown(api), { timeout: 10_000 }).toEqual(['jobs.big', 'jobs.default']);
  await publish(redis.url, api.namespace, ['default']);
  await expect.poll(() => shown(api), { timeout: 10_000 }).toEqual(['jobs.default']);
});

test('it changes nothing unless told so', async () => {
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi' })).json;
  for (const [method, path] of [
    ['PUT', '/jobs.default/pause'],
    ['PUT', '/jobs.default/obliterate'],
    ['PUT', '/jobs.default/empty'],
    ['PUT', '/jobs.default/clean/wait'],
    ['PUT', '/pause'],
    ['PUT', `/jobs.default/${id}/clean`],
    ['PUT', `/jobs.default/${id}/promote`],
    ['PATCH', `/jobs.default/${id}/update-data`],
    ['POST', '/jobs.default/add'],
  ] as const) {
    const answer = await api.send(method, board + path, method === 'PUT' ? undefined : {});
    expect([404, 405], `${method} ${path}: ${answer.text}`).toContain(answer.status);
  }
  expect((await api.send('GET', `/api/v1/jobs/${id}`)).json).toMatchObject({ state: 'queued', queuePosition: 1 });
});

test('told so, it does', async () => {
  const writable = await startApi(redis.url, { env: { REMUDA_BOARD_WRITABLE: '1' } });
  try {
    await expect.poll(() => shown(writable)).toEqual(['jobs.default']);
    expect((await writable.send('PUT', `${board}/jobs.default/pause`)).status).toBe(200);
  } finally {
    await writable.close();
  }
});

test("a worker's queue shows which job it has, and neither its prompt nor its token", async () => {
  const connection = connectRedis(redis.url, { name: 'test' });
  const keys = redisKeys(api.namespace);
  const queues = new Queues(connection, keys);
  try {
    const assignment = { job: 'j-1', attempt: 2, lease: 3, spec: { prompt: 'TOP SECRET' }, bridgeToken: 'TOP SECRET' };
    await queues.worker('w-1').add('assignment', assignment, { jobId: 't-1' });
    await connection.sadd(keys.workers, 'w-1');
    await connection.hset(keys.worker('w-1'), {
      profile: 'default',
      phase: 'busy',
      startedAt: 1,
      jobsDone: 0,
      fingerprint: 'f',
    });
    await expect.poll(() => shown(api), { timeout: 10_000 }).toContain('worker.w-1');
    const list = await api.send('GET', `${board}?activeQueue=worker.w-1&status=latest&page=1&jobsPerPage=10`);
    const one = await api.send('GET', `${board}/worker.w-1/t-1`);
    expect(list.text).toContain('j-1');
    expect(one.text).toContain('j-1');
    expect(list.text + one.text).not.toContain('TOP SECRET');
  } finally {
    await queues.close();
    connection.disconnect();
  }
});
