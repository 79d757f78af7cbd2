import { once } from 'node:events';
import type { Scope } from '@remuda/domain';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { redisKeys } from '@remuda/redis';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../redis.js';
import { bearer } from './jwt.js';
import { openKeys, type KeyMaker } from './key-maker.js';
import { startApi, type RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
let maker: KeyMaker;
let raw: RawConnection;
/** A job that waits: its stream ends for no reason of its own. */
let job: string;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url, { env: { REMUDA_API_TOKENS: '1' } });
  maker = openKeys(redis.url, api.namespace);
  raw = connectRaw(redis.url, { name: 'test' });
  const { text } = await maker.make();
  const body = { prompt: 'later', delayMs: 3_600_000 };
  job = (await api.send('POST', '/api/v1/jobs', body, bearer(text))).json.id;
});
afterAll(async () => {
  raw.disconnect();
  maker[Symbol.dispose]();
  await api.close();
  await redis.close();
});

const eventsUrl = (query = ''): string => `${api.url}/api/v1/jobs/${job}/events${query}`;
const socketUrl = (query = ''): string => `${api.url.replace('http', 'ws')}/api/v1/stream${query}`;

/** Opens a stream of Server-Sent Events; `end` resolves when it ends, with how long it was open, in ms. */
async function openEvents(headers: Record<string, string>, query = ''): Promise<{ readonly end: Promise<number> }> {
  const response = await fetch(eventsUrl(query), { headers: { accept: 'text/event-stream', ...headers } });
  expect(response.status).toBe(200);
  const reader = response.body!.getReader();
  expect(Buffer.from((await reader.read()).value).toString()).toContain('retry');
  const began = performance.now();
  const end = async (): Promise<number> => {
    while (!(await reader.read()).done);
    return performance.now() - began;
  };
  return { end: end() };
}

describe('a stream ends when its token does', () => {
  test.each([
    ['and the news of it arrives', true],
    ['and the news of it is lost', false],
  ])('which is revoked, %s: within 5 s', async (_how, told) => {
    const { id, text } = await maker.make();
    const events = await openEvents(bearer(text));
    const socket = new WebSocket(socketUrl(), { headers: bearer(text) });
    await once(socket, 'open');
    socket.send(JSON.stringify({ subscribe: job }));
    await once(socket, 'message');
    const other = new WebSocket(socketUrl(), { headers: bearer((await maker.make()).text) });
    await once(other, 'open');
    await new Promise((resolve) => setTimeout(resolve, 200));
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    const began = performance.now();
    if (told) await maker.keys.revoke(id, Date.now());
    else await raw.hset(redisKeys(api.namespace).apiKey(id), 'revokedAt', Date.now());
    expect((await closed)[0]).toBe(1008);
    await events.end;
    expect(performance.now() - began).toBeLessThan(told ? 1_000 : 5_000);
    expect(other.readyState).toBe(WebSocket.OPEN);
    other.terminate();
    expect((await fetch(eventsUrl(), { headers: bearer(text) })).status).toBe(401);
  });

  test('which expires', async () => {
    const { text } = await maker.make({ expiresAt: Date.now() + 1_500 });
    const { end } = await openEvents(bearer(text));
    expect(await end).toBeLessThan(3_000);
  });

  test('and a request that waits for a job is answered then', async () => {
    const { id, text } = await maker.make();
    const headers = { ...bearer(text), prefer: 'wait=60' };
    const answer = api.send('POST', '/api/v1/jobs', { prompt: 'x', delayMs: 3_600_000 }, headers);
    await expect
      .poll(async () => (await api.send('GET', '/api/v1/jobs', undefined, bearer(text))).json.jobs.length)
      .toBeGreaterThan(1);
    await maker.keys.revoke(id, Date.now());
    expect((await answer).status).toBe(202);
  });
});

describe('a ticket', () => {
  const issue = async (text: string): Promise<string> => {
    const { status, json } = await api.send('POST', '/api/v1/tickets', undefined, bearer(text));
    expect(status).toBe(201);
    return (json as unknown as { ticket: string }).ticket;
  };

  test('opens one stream of Server-Sent Events, whose end is that of the token', async () => {
    const { id, text } = await maker.make();
    const ticket = await issue(text);
    const { end } = await openEvents({}, `?ticket=${ticket}`);
    expect((await fetch(eventsUrl(`?ticket=${ticket}`))).status).toBe(401);
    await maker.keys.revoke(id, Date.now());
    expect(await end).toBeLessThan(5_000);
  });

  test('opens one WebSocket', async () => {
    const ticket = await issue((await maker.make()).text);
    const socket = new WebSocket(socketUrl(`?ticket=${ticket}`));
    await once(socket, 'open');
    socket.send(JSON.stringify({ subscribe: job }));
    expect(JSON.parse(String((await once(socket, 'message'))[0]))).toMatchObject({
      job,
      event: { type: 'job.queued' },
    });
    socket.terminate();
    const again = new WebSocket(socketUrl(`?ticket=${ticket}`));
    const [, response] = (await once(again, 'unexpected-response')) as [unknown, { statusCode: number }];
    expect(response.statusCode).toBe(401);
    again.on('error', () => undefined).terminate();
  });

  test('opens nothing else, and not what its token may not read', async () => {
    const ticket = await issue((await maker.make({ scopes: ['jobs:read', 'jobs:write', 'admin'] })).text);
    for (const path of ['/api/v1/jobs', `/api/v1/jobs/${job}`, '/metrics', '/admin/queues'])
      expect((await api.send('GET', `${path}?ticket=${ticket}`)).json.code).toBe('token.missing');
    const writer = await issue((await maker.make({ scopes: ['jobs:write'] as readonly Scope[] })).text);
    expect((await fetch(eventsUrl(`?ticket=${writer}`))).status).toBe(403);
    const other = await issue((await maker.make({ tenant: 'b' })).text);
    expect((await fetch(eventsUrl(`?ticket=${other}`))).status).toBe(404);
  });

  test('is in no log', async () => {
    const ticket = await issue((await maker.make()).text);
    await fetch(eventsUrl(`?ticket=${ticket}`), { method: 'HEAD' });
    const refused = await raw.xrange(redisKeys(api.namespace).audit('refused'), '-', '+');
    expect(JSON.stringify(refused)).not.toContain('tk_');
  });
});
