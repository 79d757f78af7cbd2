import { afterAll, beforeAll, expect, test } from 'vitest';
import { Leadership, Queues, RedisWorkerLine, WorkerRegistry, connectRedis, redisKeys } from '@remuda/redis';
import { connectRaw, presenceOf } from '@remuda/redis/testing';
import type { EngineKind, WorkerScreen } from '@remuda/domain';
import { systemClock } from '@remuda/runtime';
import { WebSocket } from 'ws';
import { ScreenShow } from '../../../apps/worker/src/screen/screen-show.js';
import { startRedis, type TestRedis } from '../redis.js';
import { startApi, type RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
let queues: Queues;
let registry: WorkerRegistry;

beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url);
  queues = new Queues(connectRedis(redis.url, { name: 'test' }), redisKeys(api.namespace));
  registry = new WorkerRegistry(queues, presenceOf(queues, 's-0'));
});
afterAll(async () => {
  await api.close();
  await queues.close();
  queues.connection.close();
  await redis.close();
});

/** Registers a worker, as the scheduler does that leads its pool. */
async function register(id: string, engineKind?: EngineKind): Promise<void> {
  await new Leadership(queues, presenceOf(queues, 's-0')).pools(['default']);
  const named = { id, profile: 'default', fingerprint: 'f', startedAt: 1, afterJobs: 1, engineKind };
  expect(await registry.register(named)).toBe(true);
}

/** A worker that has this on its screen, and how often that was looked at. */
async function showing(id: string, screen: { text: string; job?: string }) {
  await register(id, 'tmux');
  const line = new RedisWorkerLine(() => connectRedis(redis.url, { name: id }), redisKeys(api.namespace), id);
  let looks = 0;
  const show = new ScreenShow({
    look: () => (looks++, Promise.resolve({ ...screen })),
    show: (shown: WorkerScreen) => line.show(shown),
    clock: systemClock,
  });
  line.open({
    carryOut: () => Promise.resolve(),
    refuse: () => Promise.resolve(),
    onControl: (control) => (control.kind === 'show' ? show.ask(control.asked, control.forMs) : undefined),
  });
  return {
    looks: () => looks,
    [Symbol.asyncDispose]: async () => {
      show.close();
      await line.stopTaking();
      await line.close();
    },
  };
}

const get = (id: string) => api.send('GET', `/api/v1/workers/${id}/screen`);

test("a terminal's screen is asked for when somebody looks, and not before", async () => {
  await using worker = await showing('w-1', { text: '❯ hello' });
  await new Promise(setImmediate);
  expect(worker.looks()).toBe(0);
  const { status, json } = await get('w-1');
  expect(status).toBe(200);
  expect(json).toEqual({ worker: 'w-1', at: expect.stringMatching(/Z$/) as string, text: '❯ hello' });
});

test('workers say which engine they have; one without a terminal, and one that there is not, are refused', async () => {
  await register('w-2', 'stream');
  await register('w-old');
  const { workers } = (await api.send('GET', '/api/v1/workers')).json;
  expect(workers).toContainEqual(expect.objectContaining({ id: 'w-2', engine: 'stream' }));
  expect(workers.find(({ id }) => id === 'w-old')).not.toHaveProperty('engine');
  expect(await get('w-2')).toMatchObject({ status: 409, json: { code: 'worker.no_screen' } });
  expect(await get('w-old')).toMatchObject({ status: 409, json: { code: 'worker.no_screen' } });
  expect(await get('w-none')).toMatchObject({ status: 404, json: { code: 'worker.unknown' } });
});

test('a worker that does not answer is 503, and nothing is kept of those that were forgotten', async () => {
  await register('w-3', 'tmux');
  expect(await get('w-3')).toMatchObject({ status: 503, json: { code: 'worker.screen_unavailable' } });
  await registry.forget('w-3');
  const raw = connectRaw(redis.url, { name: 'test-raw' });
  expect(await raw.call('KEYS', '*wk:w-3:*')).toEqual([]);
  raw.disconnect();
});

test('a job is shown to its own tenant only', async () => {
  await using _worker = await showing('w-6', { text: 'of another', job: 'j-of-another' });
  expect(await get('w-6')).toMatchObject({ status: 409, json: { code: 'worker.no_screen' } });
  const { id } = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi' })).json;
  await using _own = await showing('w-7', { text: 'my own', job: id });
  expect(await get('w-7')).toMatchObject({ status: 200, json: { text: 'my own' } });
});

test('what is too large is cut, and what is no screen is not shown', async () => {
  const screen = { text: 'x'.repeat(100_000) };
  await using _worker = await showing('w-4', screen);
  const { json } = await get('w-4');
  expect((json as unknown as { text: string }).text).toHaveLength(40_000);
  const raw = connectRaw(redis.url, { name: 'test-raw' });
  await raw.call('SET', redisKeys(api.namespace).workerScreen('w-3'), `{"v":1,"text":${'9'.repeat(300_000)}`);
  raw.disconnect();
  expect((await get('w-3')).status).toBe(404);
});

test('live: each change once and the last one soon, for two who look; the end says why', async () => {
  const screen = { text: 'one' };
  await using worker = await showing('w-5', screen);
  const open = () => {
    const got: { text?: string; error?: { code: string } }[] = [];
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/api/v1/workers/w-5/screen`);
    socket.on('message', (data) => got.push(JSON.parse((data as Buffer).toString()) as object));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    return { got, socket, closed };
  };
  const both = [open(), open()];
  const texts = () => both.map(({ got }) => got.map(({ text }) => text));
  await expect.poll(texts, { timeout: 5_000 }).toEqual([['one'], ['one']]);
  screen.text = 'two';
  await expect.poll(texts, { timeout: 5_000 }).toEqual([
    ['one', 'two'],
    ['one', 'two'],
  ]);
  const before = worker.looks();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  expect(worker.looks() - before).toBeLessThanOrEqual(5);
  await registry.forget('w-5');
  await Promise.all(both.map(({ closed }) => closed));
  for (const { got } of both) expect(got.at(-1)?.error?.code).toMatch(/^worker\.(unknown|screen_unavailable)$/);
}, 60_000);

test.each([
  ['w-none', 404],
  ['w-2', 409],
])('no WebSocket to the screen of %s: %s', async (id, status) => {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/api/v1/workers/${id}/screen`);
  const refused = await new Promise((resolve) => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.once('open', () => resolve('open'));
    socket.on('error', () => undefined);
  });
  socket.terminate();
  expect(refused).toBe(status);
});
