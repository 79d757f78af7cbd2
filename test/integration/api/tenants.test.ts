import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isScope, scopes } from '@remuda/domain';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startApiCluster, type ApiCluster } from './api-cluster.js';
import { bearer, jwtSecret, signJwt } from './jwt.js';
import type { Answer } from './running-api.js';

/** What the document says of an operation, as far as these tests are made of it. */
interface Described {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean }[];
  readonly security?: readonly { readonly token: readonly string[] }[];
}

/** An operation, and how it is asked. */
interface Operation extends Described {
  readonly method: string;
  readonly path: string;
}

let cluster: ApiCluster;
/** The headers of two tenants. */
let a: { readonly authorization: string };
let b: typeof a;
/** Ids of the first one's jobs: over, failed, running and waiting. */
let ids: Readonly<Record<'over' | 'failed' | 'running' | 'waiting', string>>;
/** Ids of whatever the first one has: those jobs, a session, and an upload. */
let all: Readonly<Record<string, string>>;
let folder: string;
let operations: readonly Operation[];
beforeAll(async () => {
  [a, b] = [bearer(await signJwt('a')), bearer(await signJwt('b'))];
  folder = await mkdtemp(join(tmpdir(), 'remuda-tenants-'));
  const env = { REMUDA_JWT_SECRET: jwtSecret, REMUDA_BLOBS_URL: pathToFileURL(folder).href };
  cluster = await startApiCluster({ env, headers: a });
  const body = { labels: { team: 'x' }, attempts: 1 };
  const failed = await cluster.begin(body);
  failed.led.fail({ code: 'engine.crashed', message: 'It crashed.' });
  await ended(failed.id);
  const over = await cluster.begin(body);
  over.led.succeed();
  await ended(over.id);
  const running = await cluster.begin(body);
  const waiting = (await cluster.api.send('POST', '/api/v1/jobs', { prompt: 'later', delayMs: 3_600_000, ...body }))
    .json.id;
  ids = { over: over.id, failed: failed.id, running: running.id, waiting };
  const session = (await cluster.api.send('POST', '/api/v1/sessions', {})).json.id;
  all = { ...ids, session, upload: await upload() };
  const { paths } = (await cluster.api.send('GET', '/api/docs-json')).json;
  operations = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Described>).map(([method, one]) => ({
      ...one,
      method: method.toUpperCase(),
      path,
    })),
  );
});
afterAll(async () => {
  await cluster.stop();
  await rm(folder, { recursive: true });
});

/** An archive with one file, as the first tenant's. */
async function upload(): Promise<string> {
  await writeFile(join(folder, 'a.txt'), 'a');
  const body = new Uint8Array(execFileSync('tar', ['-C', folder, '-cf', '-', 'a.txt']));
  const headers = { ...a, 'content-type': 'application/x-tar' };
  const answer = await fetch(`${cluster.api.url}/api/v1/uploads`, { method: 'PUT', headers, body });
  expect(answer.status).toBe(201);
  return ((await answer.json()) as { id: string }).id;
}

async function ended(id: string): Promise<void> {
  const isOver = async (): Promise<void> => {
    const { state } = (await cluster.api.send('GET', `/api/v1/jobs/${id}`)).json;
    expect(state).toMatch(/succeeded|failed/);
  };
  await vi.waitFor(isOver, { timeout: 60_000, interval: 50 });
}

/** Asks as the second tenant. */
const asB = (method: string, path: string, body?: unknown, headers = {}): Promise<Answer> =>
  cluster.api.send(method, path, body, { ...b, ...headers });

const parametersIn = (operation: Operation, where: string) =>
  (operation.parameters ?? []).filter((one) => one.in === where).map(({ name }) => name);

/** An answer without the audit log's entries of what the second tenant has asked for itself: there it named the first one's ids. */
function withoutOwnRequests(text: string): string {
  const { entries, ...rest } = JSON.parse(text) as { readonly entries?: readonly { readonly tenant?: string }[] };
  return JSON.stringify({ ...rest, entries: entries?.filter(({ tenant }) => tenant !== 'b') });
}

/** The code of a collection's objects that are not there. */
const unknown: Readonly<Record<string, string>> = {
  jobs: 'job.unknown',
  'dead-letters': 'job.unknown',
  sessions: 'session.unknown',
  uploads: 'upload.unknown',
  // Pools and workers are the cluster's: an id of a tenant is none of theirs.
  pools: 'pool.unknown',
  workers: 'worker.unknown',
};
const collectionOf = ({ path }: Operation): string => path.split('/')[3] ?? '';

test('of every operation that names an object, the other tenant gets 404 for each of the first one’s', async () => {
  const naming = operations.filter((operation) => parametersIn(operation, 'path').length > 0);
  expect(naming.length).toBeGreaterThan(25);
  expect([...new Set(naming.map(collectionOf))].toSorted()).toEqual(Object.keys(unknown).toSorted());
  for (const operation of naming)
    for (const [what, id] of Object.entries(all)) {
      const path = operation.path.replaceAll(/\{\w+\}/g, id);
      const name = `${operation.operationId} of the first one’s: ${what}`;
      const { status, json } = await asB(operation.method, path, operation.method === 'GET' ? undefined : {});
      expect([name, status, json.code]).toEqual([name, 404, unknown[collectionOf(operation)]]);
    }
});

test('as if there were no such job: its answer differs in nothing but the id', async () => {
  const none = `${ids.over.slice(0, -1)}${ids.over.endsWith('0') ? '1' : '0'}`;
  for (const path of ['', '/result', '/events', '/attempts']) {
    const [theirs, nobodys] = [
      await asB('GET', `/api/v1/jobs/${ids.over}${path}`),
      await asB('GET', `/api/v1/jobs/${none}${path}`),
    ];
    expect(theirs.text.replaceAll(ids.over, none)).toBe(nobodys.text);
  }
});

test('nothing was changed by it: the first tenant’s jobs are what they were', async () => {
  const states = await Promise.all(
    Object.values(ids).map(async (id) => (await cluster.api.send('GET', `/api/v1/jobs/${id}`)).json.state),
  );
  expect(states).toEqual(['succeeded', 'failed', 'running', 'queued']);
});

describe('no list holds anything of the other tenant', () => {
  test('of every operation that reads without naming an object', async () => {
    const lists = operations.filter(
      (operation) =>
        operation.method === 'GET' &&
        operation.path.startsWith('/api/') &&
        parametersIn(operation, 'path').length === 0,
    );
    expect(lists.map(({ operationId }) => operationId)).toEqual(
      expect.arrayContaining(['listAudit', 'listJobs', 'listSessions', 'listDeadLetters', 'listWorkers', 'listPools']),
    );
    for (const { operationId, path } of lists)
      for (const query of ['', '?limit=200', '?state=failed', '?label=team:x', '?profile=default']) {
        const text = withoutOwnRequests((await asB('GET', path + query)).text);
        for (const id of Object.values(all)) expect(text, operationId).not.toContain(id);
      }
  });

  test('that is to be seen: the first tenant finds its own there', async () => {
    const read = async (path: string) => (await cluster.api.send('GET', path)).text;
    for (const id of Object.values(ids)) expect(await read('/api/v1/jobs?label=team:x')).toContain(id);
    expect(await read('/api/v1/dead-letters')).toContain(ids.failed);
    expect(await read('/api/v1/workers')).toContain(ids.running);
    expect(await read('/api/v1/sessions')).toContain(all['session']);
    await cluster.api.send('POST', `/api/v1/jobs/${ids.over}/cancel`);
    await expect.poll(() => read('/api/v1/audit?kind=steered')).toContain(ids.over);
    const { text } = await asB('GET', '/api/v1/audit?kind=steered&limit=200');
    expect(withoutOwnRequests(text)).not.toContain(ids.over);
    expect(await read(`/api/v1/uploads/${all['upload'] ?? ''}`)).toContain('"complete"');
  });

  test('nor does a page that begins at the first tenant’s cursor', async () => {
    const { nextCursor = '' } = (await cluster.api.send('GET', '/api/v1/jobs?limit=1')).json;
    const own = (await asB('POST', '/api/v1/jobs', { prompt: 'own', delayMs: 3_600_000 })).json.id;
    const { json, text } = await asB('GET', `/api/v1/jobs?cursor=${nextCursor}`);
    expect(json.jobs).toEqual([]);
    for (const id of Object.values(ids)) expect(text).not.toContain(id);
    expect((await asB('GET', '/api/v1/jobs')).json.jobs.map((job) => job.id)).toEqual([own]);
  });
});

test('ids in a body are as unknown as those in a path', async () => {
  const { json } = await asB('POST', '/api/v1/dead-letters/redrive', { ids: Object.values(ids) });
  expect(json.outcomes).toEqual(
    Object.values(ids).map((id) => expect.objectContaining({ id, code: 'job.unknown' }) as object),
  );
  expect((await asB('POST', '/api/v1/dead-letters/redrive', { filter: {} })).json).toEqual({
    outcomes: [],
    more: false,
  });
});

test('the same idempotency key is another one for each tenant', async () => {
  const [key, body] = [{ 'idempotency-key': 'one' }, { prompt: 'once', delayMs: 3_600_000 }];
  const first = await cluster.api.send('POST', '/api/v1/jobs', body, key);
  const second = await asB('POST', '/api/v1/jobs', body, key);
  expect(second.status).toBe(202);
  expect(second.json.id).not.toBe(first.json.id);
  expect((await asB('POST', '/api/v1/jobs', body, key)).json.id).toBe(second.json.id);
});

test('a WebSocket follows the jobs of its own tenant only', async () => {
  const socket = new WebSocket(`${cluster.api.url.replace('http', 'ws')}/api/v1/stream`, { headers: b });
  const answers: { job: string; error?: { code: string } }[] = [];
  socket.on('message', (data) => answers.push(JSON.parse((data as Buffer).toString()) as (typeof answers)[number]));
  await new Promise((resolve) => socket.once('open', resolve));
  for (const id of Object.values(ids)) socket.send(JSON.stringify({ subscribe: id }));
  await expect.poll(() => answers.length).toBe(4);
  expect(answers.map(({ error }) => error?.code)).toEqual(Array(4).fill('job.unknown'));
  socket.terminate();
});

describe('scopes', () => {
  test('without a token, every operation that needs one is refused', async () => {
    for (const { operationId, method, path, security = [] } of operations) {
      const { status, json, headers } = await cluster.api.send(method, path, undefined, { authorization: '' });
      if (security.length === 0) expect([operationId, [401, 403].includes(status)]).toEqual([operationId, false]);
      else {
        expect([operationId, status, json.code]).toEqual([operationId, 401, 'token.missing']);
        expect(headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    }
  });

  test('with every scope but the one that an operation names, it is refused, and its body is not read', async () => {
    for (const { operationId, method, path, security = [] } of operations) {
      const [needed] = security.flatMap(({ token }) => token).filter(isScope);
      if (needed === undefined) continue;
      const others = scopes.filter((scope) => scope !== needed).join(' ');
      const token = bearer(await signJwt('a', { scope: others }));
      const { status, json } = await cluster.api.send(method, path, method === 'GET' ? undefined : '{"broken', token);
      expect([operationId, status, json.code]).toEqual([operationId, 403, 'token.scope_missing']);
    }
  });

  test.each(['/admin/queues', '/admin/queues/api/queues', '/metrics'])('%s is the operator’s', async (path) => {
    const client = bearer(await signJwt('a', { scope: 'jobs:read jobs:write sessions:read sessions:write' }));
    expect((await cluster.api.send('GET', path, undefined, client)).json.code).toBe('token.scope_missing');
    expect((await cluster.api.send('GET', path)).status).toBe(200);
  });

  test('a browser that opens the board asks for the token, and may send it as a password', async () => {
    const page = { accept: 'text/html', authorization: '' };
    const asked = await cluster.api.send('GET', '/admin/queues', undefined, page);
    expect([asked.status, asked.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic/)]);
    const password = Buffer.from(`operator:${a.authorization.replace('Bearer ', '')}`).toString('base64');
    const shown = await cluster.api.send('GET', '/admin/queues', undefined, {
      ...page,
      authorization: `Basic ${password}`,
    });
    expect(shown.status).toBe(200);
  });

  test('a handshake of a WebSocket needs a token that may read jobs', async () => {
    const answer = async (headers: Record<string, string>): Promise<number> => {
      const socket = new WebSocket(`${cluster.api.url.replace('http', 'ws')}/api/v1/stream`, { headers });
      return new Promise((resolve) => {
        socket.once('unexpected-response', (_request, response) => {
          resolve(response.statusCode ?? 0);
        });
        socket.once('open', () => {
          socket.terminate();
          resolve(101);
        });
        socket.on('error', () => undefined);
      });
    };
    expect(await answer({})).toBe(401);
    expect(await answer(bearer(await signJwt('a', { scope: 'jobs:write admin' })))).toBe(403);
    expect(await answer(a)).toBe(101);
  });
});
