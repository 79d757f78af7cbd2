import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { startApi } from './running-api.js';
import type { RunningApi } from './running-api.js';
import { openSse } from './sse-client.js';

let redis: TestRedis;
/** No scheduler runs: whatever is submitted waits. */
let api: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url);
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

const submit = async (): Promise<string> => (await api.send('POST', '/api/v1/jobs', { prompt: 'hi' })).json.id;

test('a stream tells the place of a job that waits, and again when it has changed', { timeout: 60_000 }, async () => {
  const first = await submit();
  const second = await submit();
  const stream = await openSse(api.url, second);
  expect((await stream.next())?.type).toBe('job.queued');
  const end = stream.rest();
  await expect.poll(() => stream.asides.map(({ data }) => data), { timeout: 20_000 }).toEqual(['{"queuePosition":2}']);
  await api.send('POST', `/api/v1/jobs/${first}/cancel`);
  await expect.poll(() => stream.asides.at(-1)?.data, { timeout: 20_000 }).toBe('{"queuePosition":1}');
  expect(stream.asides.map(({ event, id }) => [event, id])).toEqual(Array(2).fill(['queue.position', undefined]));
  await api.send('POST', `/api/v1/jobs/${second}/cancel`);
  expect((await end).at(-1)?.type).toBe('job.over');
});

test('the WebSocket tells it too', { timeout: 60_000 }, async () => {
  const job = await submit();
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/api/v1/stream`);
  await once(socket, 'open');
  const said: unknown[] = [];
  socket.on('message', (data) => said.push(JSON.parse((data as Buffer).toString())));
  socket.send(JSON.stringify({ subscribe: job }));
  await expect.poll(() => said, { timeout: 20_000 }).toContainEqual({ job, queuePosition: 1 });
  socket.terminate();
});
