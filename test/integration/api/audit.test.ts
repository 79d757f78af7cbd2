import type { AuditEntry, AuditKind } from '@remuda/domain';
import { RedisAuditLog, connectRedis, redisKeys, type RedisConnection } from '@remuda/redis';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startRedis, type TestRedis } from '../redis.js';
import { bearer } from './jwt.js';
import { openKeys, type KeyMaker } from './key-maker.js';
import { startApi, type Answer, type RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
let maker: KeyMaker;
let connection: RedisConnection;
let log: RedisAuditLog;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url, { env: { REMUDA_API_TOKENS: '1' } });
  maker = openKeys(redis.url, api.namespace);
  connection = connectRedis(redis.url, { name: 'test-audit' });
  log = new RedisAuditLog(connection, redisKeys(api.namespace));
});
afterAll(async () => {
  connection.close();
  maker[Symbol.dispose]();
  await api.close();
  await redis.close();
});

/** The entry of a request, by the id in its answer. */
async function entryOf(kind: AuditKind, { headers }: Pick<Answer, 'headers'>): Promise<AuditEntry | undefined> {
  const id = headers.get('x-request-id');
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  const find = async (): Promise<AuditEntry | undefined> =>
    (await log.latest(kind, 100)).find(({ request }) => request === id);
  await expect.poll(find).toBeDefined();
  return find();
}

test('what steers is noted, with who, from where, what, and what came of it', async () => {
  const key = await maker.make({ name: 'operator', scopes: ['admin', 'jobs:write'] });
  const who = { subject: 'operator', tenant: 'a', key: key.id, from: '127.0.0.1', method: 'POST' };
  const send = (path: string): Promise<Answer> => api.send('POST', `/api/v1/${path}`, {}, bearer(key.text));
  const [paused, unknown] = [await send('pools/default/pause'), await send('jobs/j-none/cancel')];
  expect(await entryOf('steered', paused)).toMatchObject({ ...who, path: '/api/v1/pools/default/pause', status: 200 });
  expect(await entryOf('steered', unknown)).toMatchObject({ ...who, status: 404, code: 'job.unknown' });
});

test('what is refused to someone is noted, whether they have no token, a wrong one, or one for something else', async () => {
  const key = await maker.make({ scopes: ['jobs:read'] });
  const refused = await api.send('POST', '/api/v1/pools/pause', {}, bearer(key.text));
  expect(await entryOf('refused', refused)).toMatchObject({ key: key.id, status: 403, code: 'token.scope_missing' });
  const nobody = await entryOf('refused', await api.send('GET', '/api/v1/jobs'));
  expect(nobody).toMatchObject({ status: 401, code: 'token.missing', path: '/api/v1/jobs' });
  expect(nobody).not.toHaveProperty('subject');
  const wrong = await api.send('GET', '/metrics', undefined, bearer('x'));
  expect(await entryOf('refused', wrong)).toMatchObject({ code: 'token.invalid', path: '/metrics' });
  const page = await api.send('GET', '/api/v1/jobs', undefined, { origin: 'https://evil.example' });
  expect(await entryOf('refused', page)).toMatchObject({ status: 403, code: 'request.forbidden' });
});

test('a handshake of a WebSocket that is refused is noted, too', async () => {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/api/v1/stream`);
  const headers = await new Promise<Headers>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('unexpected-response', (_request, response) => {
      resolve(new Headers({ 'x-request-id': String(response.headers['x-request-id']) }));
    });
  });
  expect(await entryOf('refused', { headers })).toMatchObject({ status: 401, path: '/api/v1/stream' });
});

test('what is only read or submitted is not noted', async () => {
  const { text } = await maker.make();
  const before = (await log.latest('steered', 100)).length;
  await api.send('POST', '/api/v1/jobs', { prompt: 'x' }, bearer(text));
  await api.send('GET', '/api/v1/jobs', undefined, bearer(text));
  await api.send('POST', '/api/v1/jobs/j-none/cancel', {}, bearer(text));
  await expect.poll(async () => (await log.latest('steered', 100)).length).toBe(before + 1);
});
