import type { AuditEntry, AuditKind } from '@remuda/domain';
import type { AuditEntryView, AuditPageView } from '@remuda/protocol';
import { RedisAuditLog, connectRedis, redisKeys, type RedisConnection } from '@remuda/redis';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
    (await log.list({ kind, request: id ?? '', limit: 1 })).entries[0];
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

/** Requests that steered something. */
const steered = async (): Promise<number> => (await log.list({ kind: 'steered', limit: 100 })).entries.length;

describe('the list of the audit log', () => {
  const listed = async (query: string, headers: Record<string, string>): Promise<readonly AuditEntryView[]> =>
    ((await api.send('GET', `/api/v1/audit?${query}`, undefined, headers)).json as unknown as AuditPageView).entries;

  test('has what a tenant was refused and has steered, and what nobody knows whose it was, by filters', async () => {
    const admin = await maker.make({ name: 'ann', tenant: 'list-a', scopes: ['admin'] });
    const client = await maker.make({ name: 'bob', tenant: 'list-a', scopes: ['jobs:read'] });
    const other = await maker.make({ name: 'eve', tenant: 'list-b', scopes: ['admin'] });
    const since = new Date().toISOString();
    const nobodys = await api.send('GET', '/api/v1/jobs');
    const refused = await api.send('POST', '/api/v1/pools/pause', {}, bearer(client.text));
    const steered = await api.send('POST', '/api/v1/pools/default/pause', {}, bearer(admin.text));
    await api.send('POST', '/api/v1/pools/default/resume', {}, bearer(other.text));
    const id = ({ headers }: Answer): string => headers.get('x-request-id') ?? '';
    const ids = async (query: string, key = admin): Promise<readonly string[]> =>
      (await listed(`since=${since}&${query}`, bearer(key.text))).map(({ request }) => request);
    await expect.poll(() => ids('')).toEqual([steered, refused, nobodys].map(id));
    expect(await ids('tenant=list-a')).toEqual([steered, refused].map(id));
    expect(await ids('who=bob')).toEqual([id(refused)]);
    expect(await ids(`who=${admin.id}`)).toEqual([id(steered)]);
    expect(await ids('kind=refused')).toEqual([refused, nobodys].map(id));
    expect(await ids('path=/api/v1/pools')).toEqual([steered, refused].map(id));
    expect(await ids(`request=${id(refused)}`)).toEqual([id(refused)]);
    expect(await ids(`until=${since.slice(0, 10)}`)).toEqual([]);
    // the other tenant's part is as empty as if there were none
    expect(await ids('tenant=list-b')).toEqual([]);
    expect(await ids(`request=${id(steered)}`, other)).toEqual([]);
    const [entry] = await listed(`request=${id(steered)}`, bearer(admin.text));
    expect(entry).toEqual({
      ...{ kind: 'steered', at: entry?.at, request: id(steered), method: 'POST', path: '/api/v1/pools/default/pause' },
      ...{ status: 200, from: '127.0.0.1', subject: 'ann', tenant: 'list-a', key: admin.id },
    });
    expect(Date.parse(entry?.at ?? '')).toBeGreaterThanOrEqual(Date.parse(since) - 1_000);
  });

  test('comes in pages, and asks for the scope admin and for what can be read', async () => {
    const admin = bearer((await maker.make({ tenant: 'list-c', scopes: ['admin'] })).text);
    for (let i = 0; i < 5; i++) await api.send('POST', `/api/v1/pools/none-${i}/pause`, {}, admin);
    const whole = 'tenant=list-c&kind=steered';
    await expect.poll(async () => (await listed(whole, admin)).length).toBe(5);
    let paths = '';
    for (let cursor = ''; ;) {
      const { json } = await api.send('GET', `/api/v1/audit?${whole}&limit=2${cursor}`, undefined, admin);
      const { entries, nextCursor } = json as unknown as AuditPageView;
      paths += entries.map(({ path }) => path.split('-')[1]?.[0]).join('');
      if (nextCursor === undefined) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(paths).toBe('43210');
    for (const query of ['cursor=x', 'since=yesterday', 'since=2026-99-01', 'kind=odd', 'limit=201', 'nosuch=1'])
      expect([query, (await api.send('GET', `/api/v1/audit?${query}`, undefined, admin)).status]).toEqual([query, 400]);
    const reader = bearer((await maker.make({ tenant: 'list-c', scopes: ['jobs:read'] })).text);
    expect(await api.send('GET', '/api/v1/audit', undefined, reader)).toMatchObject({ status: 403 });
  });
});

test('what is only read or submitted is not noted', async () => {
  const { text } = await maker.make();
  const before = await steered();
  await api.send('POST', '/api/v1/jobs', { prompt: 'x' }, bearer(text));
  await api.send('GET', '/api/v1/jobs', undefined, bearer(text));
  await api.send('POST', '/api/v1/jobs/j-none/cancel', {}, bearer(text));
  await expect.poll(steered).toBe(before + 1);
});
