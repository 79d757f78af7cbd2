import { afterAll, beforeAll, expect, test } from 'vitest';
import { Queues, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
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
  await expect.poll(() => shown(api)).toEqual(['jobs.default', 'service']);
});

test('queues come and go while it runs', async () => {
  await publish(redis.url, api.namespace, ['default', 'big']);
  await expect.poll(() => shown(api), { timeout: 10_000 }).toEqual(['jobs.big', 'jobs.default', 'service']);
  await publish(redis.url, api.namespace, ['default']);
  await expect.poll(() => shown(api), { timeout: 10_000 }).toEqual(['jobs.default', 'service']);
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
    await expect.poll(() => shown(writable)).toEqual(['jobs.default', 'service']);
    expect((await writable.send('PUT', `${board}/jobs.default/pause`)).status).toBe(200);
  } finally {
    await writable.close();
  }
});

test("a worker's queue shows which job it has, and neither its prompt nor its token", async () => {
  const connection = connectRaw(redis.url, { name: 'test' });
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
    // It is counted with its profile's jobs, and once.
    const { queues: counted } = list.json as unknown as { queues: { name: string; counts: Record<string, number> }[] };
    const counts = counted.find(({ name }) => name === 'worker.w-1')?.counts ?? { none: 1 };
    expect(Object.values(counts).filter((count) => count !== 0)).toEqual([]);
  } finally {
    await queues.close();
    connection.disconnect();
  }
});

const titles = async (of: RunningApi): Promise<readonly string[]> => {
  const { queues } = (await of.send('GET', `${board}?activeQueue=jobs.default&status=latest&page=1&jobsPerPage=10`))
    .json as unknown as { queues: { name: string; jobs: { name: string }[] }[] };
  return queues.find(({ name }) => name === 'jobs.default')?.jobs.map(({ name }) => name) ?? [];
};

test("a job's title is its id and the first words of its prompt, unless prompts are hidden", async () => {
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'Write\na haiku about horses' })).json;
  expect(await titles(api)).toContain(`${id} · Write a haiku about horses`);
  const hiding = await startApi(redis.url, { namespace: api.namespace, env: { REMUDA_BOARD_PROMPTS: '0' } });
  try {
    await expect.poll(() => shown(hiding)).toContain('jobs.default');
    expect(await titles(hiding)).toContain(id);
    expect((await titles(hiding)).join()).not.toContain('haiku');
  } finally {
    await hiding.close();
  }
});

test('the board leads to the jobs that were cancelled: BullMQ has none of them', async () => {
  expect((await api.send('GET', '/admin/queues')).text).toContain('../../api/v1/jobs?state=cancelled');
});

test.each(['/admin/queues', '/api/docs'])(
  '%s loads nothing from elsewhere, and no other page may hold it',
  async (path) => {
    const { text, headers } = await api.send('GET', path);
    expect(text).not.toMatch(/(?:href|src)="(?:https?:)?\/\//);
    expect(headers.get('content-security-policy')).toMatch(
      /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
    );
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);

test('answers that are no pages may not be taken for one', async () => {
  const { headers } = await api.send('GET', '/api/v1/pools');
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(headers.get('x-content-type-options')).toBe('nosniff');
});

test('behind a proxy with a path of its own, the board and the addresses of jobs have it', async () => {
  const behind = await startApi(redis.url, { env: { REMUDA_API_BASE_PATH: '/remuda' } });
  try {
    expect((await behind.send('GET', '/admin/queues')).text).toContain('<base href="/remuda/admin/queues/" />');
    const accepted = await behind.send('POST', '/api/v1/jobs', { prompt: 'hi' });
    const { id, url } = accepted.json;
    expect([url, accepted.headers.get('location')]).toEqual(Array(2).fill(`/remuda/api/v1/jobs/${id}`));
  } finally {
    await behind.close();
  }
});
