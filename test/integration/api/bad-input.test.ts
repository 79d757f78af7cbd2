import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConsolePage } from '../../../apps/api/src/console/console.js';
import { startRedis } from '../redis.js';
import { reported, written } from '../../schemas/index.js';
import type { TestRedis } from '../redis.js';
import { startApi } from './running-api.js';
import type { Answer, RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
let job: string;
beforeAll(async () => {
  redis = await startRedis();
  api = await startApi(redis.url);
  job = (await api.send('POST', '/api/v1/jobs', { prompt: 'hi' })).json.id;
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

/** A refusal is a whole problem document, and says nothing of our insides. */
function expectProblem(answer: Answer, status: number, code: string, path?: string): void {
  expect(answer.json, answer.text).toMatchObject({ status, code, type: `urn:remuda:error:${code}` });
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(answer.json.title).toBeTypeOf('string');
  expect(answer.json.detail).toBeTypeOf('string');
  expect(answer.text).not.toMatch(/node_modules|\.ts:|\.js:| at .*\(/);
  if (path !== undefined) expect(answer.json.faults.map((fault) => fault.path)).toContain(path);
}

const deep = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const over = (bytes: number): string => 'x'.repeat(bytes + 1);
const prompt = 'hi';
const mib = 1024 * 1024;

describe('a job is refused with the path of its fault', () => {
  const cases: readonly [what: string, body: unknown, path: string][] = [
    ['no object', '[1]', ''],
    ['a text for a body', '"hi"', ''],
    ['no prompt', {}, 'prompt'],
    ['an empty prompt', { prompt: '' }, 'prompt'],
    ['a prompt of white space only', { prompt: ' \n\t\u00a0\u3000' }, 'prompt'],
    ['half of a surrogate pair', '{"prompt":"a\\ud800b"}', 'prompt'],
    ['half of a surrogate pair inside', '{"prompt":"hi","labels":{"a":"\\udc00"}}', 'labels.a'],
    ['half of a surrogate pair in a name', '{"prompt":"hi","metadata":{"\\udfff":1}}', 'metadata'],
    ['a key __proto__', '{"prompt":"hi","__proto__":{"x":1}}', '__proto__'],
    ['a constructor with a prototype', '{"prompt":"hi","constructor":{"prototype":{"x":1}}}', 'constructor'],
    ['more values than a body may have', `[${'[],'.repeat(60_000)}1]`, ''],
    ['many unknown fields', Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => [`n${i}`, 0])), 'n0'],
    ['unknown fields without end', Object.fromEntries(Array.from({ length: 49_000 }, (_, i) => [`n${i}`, 0])), ''],
    ['a field whose name has no end', { prompt, metadata: { [over(1_024)]: 0 } }, 'metadata'],
    ['a prompt that is a number', { prompt: 5 }, 'prompt'],
    ['a prompt of more than 10 MiB', { prompt: over(10 * mib) }, 'prompt'],
    ['a prompt of more than 10 MiB in UTF-8', { prompt: 'ä'.repeat(5 * mib + 1) }, 'prompt'],
    ['an unknown field', { prompt, colour: 'red' }, 'colour'],
    [
      'an unknown field inside',
      { prompt, workspace: { kind: 'git', url: 'https://a/b', branch: 'x' } },
      'workspace.branch',
    ],
    ['a null', { prompt, priority: null }, 'priority'],
    ['a profile of a wrong type', { prompt, profile: ['default'] }, 'profile'],
    ['a model with a space', { prompt, model: 'a b' }, 'model'],
    ['a system prompt of more than 100 KiB', { prompt, appendSystemPrompt: over(100 * 1024) }, 'appendSystemPrompt'],
    ['a negative number', { prompt, maxTurns: -1 }, 'maxTurns'],
    ['a fraction', { prompt, priority: 1.5 }, 'priority'],
    ['an enormous number', { prompt, timeoutMs: 1e300 }, 'timeoutMs'],
    ['an infinite number', '{"prompt":"hi","maxTurns":1e999}', 'maxTurns'],
    ['a number as a text', { prompt, attempts: '3' }, 'attempts'],
    ['a budget of nothing', { prompt, maxBudgetUsd: 0 }, 'maxBudgetUsd'],
    ['an infinite budget', '{"prompt":"hi","maxBudgetUsd":1e999}', 'maxBudgetUsd'],
    ['a priority out of range', { prompt, priority: 11 }, 'priority'],
    ['a delay of more than a year', { prompt, delayMs: 366 * 86_400_000 }, 'delayMs'],
    ['a start in ten years', { prompt, runAt: '2099-01-01T00:00:00Z' }, 'runAt'],
    ['a start without a zone', { prompt, runAt: '2026-01-01T00:00:00' }, 'runAt'],
    ['a start that is no time', { prompt, runAt: '2026-13-45T99:00:00Z' }, 'runAt'],
    ['a start before 1970', { prompt, runAt: -5 }, 'runAt'],
    ['a start that is an object', { prompt, runAt: {} }, 'runAt'],
    ['both a delay and a start', { prompt, runAt: 5, delayMs: 5 }, 'runAt'],
    ['a timeout of no time', { prompt, timeoutMs: 0 }, 'timeoutMs'],
    ['tools that are no rules', { prompt, tools: { allow: [1] } }, 'tools.allow'],
    ['tools that are a list', { prompt, tools: ['Bash'] }, 'tools'],
    ['too many tools', { prompt, tools: { deny: Array(201).fill('Bash') } }, 'tools.deny'],
    ['an unknown permission mode', { prompt, permissionMode: 'yolo' }, 'permissionMode'],
    ['deltas that are a text', { prompt, deltas: 'yes' }, 'deltas'],
    ['an unknown workspace', { prompt, workspace: { kind: 'svn' } }, 'workspace.kind'],
    ['a workspace that is a number', { prompt, workspace: 5 }, 'workspace'],
    ['a workspace that is a list', { prompt, workspace: [{ kind: 'empty' }] }, 'workspace'],
    ['a workspace of another word', { prompt, workspace: 'git' }, 'workspace'],
    ['an empty workspace with a URL', { prompt, workspace: { kind: 'empty', url: 'https://a/b' } }, 'workspace.url'],
    ['git without a URL', { prompt, workspace: { kind: 'git' } }, 'workspace.url'],
    ['git with an option for a URL', { prompt, workspace: { kind: 'git', url: '--upload-pack=x' } }, 'workspace.url'],
    [
      'git with a transport that runs commands',
      { prompt, workspace: { kind: 'git', url: 'ext::sh -c x' } },
      'workspace.url',
    ],
    ['git with a file', { prompt, workspace: { kind: 'git', url: 'file:///etc' } }, 'workspace.url'],
    ['git with a path', { prompt, workspace: { kind: 'git', url: '/etc' } }, 'workspace.url'],
    [
      'git with an option for a ref',
      { prompt, workspace: { kind: 'git', url: 'https://a/b', ref: '-x' } },
      'workspace.ref',
    ],
    [
      'git with a line break in a ref',
      { prompt, workspace: { kind: 'git', url: 'https://a/b', ref: 'a\nb' } },
      'workspace.ref',
    ],
    ['git with no depth', { prompt, workspace: { kind: 'git', url: 'https://a/b', depth: 0 } }, 'workspace.depth'],
    ['labels that are a list', { prompt, labels: ['a'] }, 'labels'],
    ['a label that is a number', { prompt, labels: { a: 1 } }, 'labels.a'],
    ['a label with a bad name', { prompt, labels: { 'a b': 'c' } }, 'labels.a b'],
    [
      'too many labels',
      { prompt, labels: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`l${i}`, 'x'])) },
      'labels',
    ],
    ['metadata of more than 16 KiB', { prompt, metadata: { a: over(16 * 1024) } }, 'metadata'],
    ['metadata that is a text', { prompt, metadata: 'x' }, 'metadata'],
    ['a key __proto__ inside', '{"prompt":"hi","metadata":{"a":{"constructor":{}}}}', 'metadata.a.constructor'],
    ['a key prototype', '{"prompt":"hi","labels":{"prototype":"x"}}', 'labels.prototype'],
    ['nesting that exhausts a stack', `{"prompt":"hi","metadata":{"a":${deep(40_000)}}}`, 'metadata.a[0][0]…'],
    ['nesting without end', `{"prompt":"hi","metadata":{"a":${deep(1_000_000)}}}`, ''],
  ];
  test.each(cases)('%s', async (_what, body, path) => {
    const answer = await api.send('POST', '/api/v1/jobs', body);
    expectProblem(answer, 400, 'request.invalid', path);
  });

  test('a batch tells which job it is, and takes none', async () => {
    const before = await jobCount();
    const jobs = [
      { prompt },
      { prompt },
      { prompt },
      { prompt: '', workspace: { kind: 'git', url: '-x' } },
      { prompt, labels: { a: 1 } },
    ];
    const answer = await api.send('POST', '/api/v1/jobs/batch', { jobs });
    expectProblem(answer, 400, 'request.invalid', 'jobs[3].prompt');
    expectProblem(answer, 400, 'request.invalid', 'jobs[4].labels.a');
    expect(await jobCount()).toBe(before);
  });

  test.each([
    ['no jobs', { jobs: [] }, 'jobs'],
    ['too many jobs', { jobs: Array(501).fill({ prompt }) }, 'jobs'],
    ['a job that is a text', { jobs: ['hi'] }, 'jobs[0]'],
    ['jobs that are an object', { jobs: { '0': { prompt } } }, 'jobs'],
    ['a field beside jobs', { jobs: [{ prompt }], all: true }, 'all'],
  ])('a batch with %s', async (_what, body, path) => {
    expectProblem(await api.send('POST', '/api/v1/jobs/batch', body), 400, 'request.invalid', path);
  });
});

describe('an output schema that cannot be used is schema.invalid', () => {
  const wide = { properties: Object.fromEntries(Array.from({ length: 1_100 }, (_, i) => [`p${i}`, {}])) };
  test.each([
    ['an unknown type', { type: 'nope' }, 'outputSchema.type'],
    ['a reference to nowhere', { $ref: '#/$defs/no' }, 'outputSchema'],
    ['a reference to elsewhere', { $ref: 'https://example.com/x.json' }, 'outputSchema'],
    ['a broken pattern', { type: 'string', pattern: '(' }, 'outputSchema'],
    ['a fault deep inside', { properties: { a: { items: [1] } } }, 'outputSchema.properties.a.items'],
    ['a negative length', { minLength: -1 }, 'outputSchema.minLength'],
    ['an asynchronous one', { $async: true }, 'outputSchema.$async'],
    ['one that refers to itself without end', { $ref: '#' }, 'outputSchema'],
    ['one too large', { description: over(64 * 1024) }, 'outputSchema'],
    ['one with too many parts', wide, 'outputSchema'],
  ])('%s', async (_what, outputSchema, path) => {
    expectProblem(await api.send('POST', '/api/v1/jobs', { prompt, outputSchema }), 400, 'schema.invalid', path);
  });

  test('a schema that takes the name of the draft itself harms none after it', async () => {
    const taken = { $id: 'https://json-schema.org/draft/2020-12/schema', type: 'object' };
    await api.send('POST', '/api/v1/jobs', { prompt, outputSchema: taken });
    const answer = await api.send('POST', '/api/v1/jobs', { prompt, outputSchema: { type: 'object' } });
    expect(answer.status).toBe(202);
  });

  test.each([...reported, ...written])('$name is taken', async ({ schema: outputSchema }) => {
    expect((await api.send('POST', '/api/v1/jobs', { prompt, outputSchema })).status).toBe(202);
  });

  test.each([
    ['a list', []],
    ['a text', 'object'],
    ['a boolean', true],
  ])('%s is no schema', async (_what, outputSchema) => {
    expectProblem(
      await api.send('POST', '/api/v1/jobs', { prompt, outputSchema }),
      400,
      'schema.invalid',
      'outputSchema',
    );
  });
});

describe('a request that cannot be read', () => {
  const post = (body: string | undefined, headers?: Record<string, string>) =>
    api.send('POST', '/api/v1/jobs', body, headers);

  test.each([
    ['JSON that breaks off', '{"prompt":'],
    ['no JSON at all', 'prompt=hi'],
    ['an empty body', ''],
    ['null', 'null'],
  ])('%s is request.malformed', async (_what, body) => {
    expectProblem(await post(body), 400, 'request.malformed');
  });

  test('no body at all is request.malformed', async () => {
    expectProblem(await post(undefined), 400, 'request.malformed');
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/xml', 'multipart/form-data; boundary=x'])(
    'a body as %s is request.unsupported_type',
    async (type) => {
      expectProblem(await post('prompt=hi', { 'content-type': type }), 415, 'request.unsupported_type');
    },
  );

  test('a body of more than 12 MiB is request.too_large', async () => {
    expectProblem(await post(JSON.stringify({ prompt: over(12 * mib) })), 413, 'request.too_large');
    const batch = { jobs: Array(3).fill({ prompt: over(4 * mib) }) };
    expectProblem(await api.send('POST', '/api/v1/jobs/batch', batch), 413, 'request.too_large');
  });

  test('a body that is no UTF-8 is request.malformed', async () => {
    const bytes = Buffer.from([...Buffer.from('{"prompt":"a'), 0xff, ...Buffer.from('b"}')]);
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${api.url}/api/v1/jobs`, { method: 'POST', headers, body: bytes });
    expect(await answer.json()).toMatchObject({
      status: 400,
      code: 'request.malformed',
      detail: 'The body is not UTF-8.',
    });
  });

  test.each([
    ['content-encoding', 'gzip'],
    ['content-encoding', 'br, identity'],
    ['content-type', 'application/json; charset=iso-8859-1'],
    ['content-type', 'application/json; charset="UTF-16"'],
  ])('a body with %s: %s is request.unsupported_type', async (name, value) => {
    expectProblem(await post('{"prompt":"hi"}', { [name]: value }), 415, 'request.unsupported_type');
  });

  test.each([
    ['content-encoding', 'identity'],
    ['content-type', 'application/json; charset=UTF-8'],
    ['content-type', 'application/json;charset="utf8"'],
  ])('a body with %s: %s is taken', async (name, value) => {
    expect((await post('{"prompt":"hi"}', { [name]: value })).status).toBe(202);
  });

  test.each([
    ['POST', '/api/v1/pools/default/pause'],
    ['POST', '/api/v1/pools/pause'],
    ['POST', '/api/v1/pools/default/resume'],
    ['POST', '/api/v1/pools/resume'],
    ['POST', '/api/v1/pools/default/drain'],
    ['POST', '/api/v1/pools/default/resume'],
    ['POST', '/api/v1/jobs/JOB/cancel'],
  ])('%s %s wants no body, and takes an empty one that is called JSON', async (method, path) => {
    const { id } = (await api.send('POST', '/api/v1/jobs', { prompt, delayMs: 60_000 })).json;
    expect((await api.send(method, path.replace('JOB', id), '')).status).toBe(200);
  });

  test('a cancel with a body of more than 64 KiB is request.too_large', async () => {
    const answer = await api.send('POST', `/api/v1/jobs/${job}/cancel`, { reason: over(64 * 1024) });
    expectProblem(answer, 413, 'request.too_large');
  });

  test.each(['with space', 'ümlaut', over(200)])('an Idempotency-Key like %.10s is refused', async (key) => {
    const raw = Buffer.from(key).toString('latin1');
    const answer = await api.send('POST', '/api/v1/jobs', { prompt }, { 'idempotency-key': raw });
    expectProblem(answer, 400, 'request.invalid', 'Idempotency-Key');
  });

  test('an unknown profile names those that there are', async () => {
    const answer = await api.send('POST', '/api/v1/jobs', { prompt, profile: 'gpu' });
    expectProblem(answer, 400, 'profile.unknown', 'profile');
    expect(answer.json.detail).toContain('default');
  });

  const raw = async (bytes: string): Promise<string> => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    socket.write(bytes);
    return text(socket);
  };

  test.each([
    ['a header that is no HTTP', 'GET / HTTP/1.1\r\nbad header\r\n\r\n'],
    ['a method that does not exist', 'NOPE / HTTP/1.1\r\nhost: localhost\r\n\r\n'],
    ['headers of more than 16 KiB', `GET / HTTP/1.1\r\nhost: localhost\r\ncookie: ${over(16 * 1024)}\r\n\r\n`],
  ])('%s is request.malformed, and the connection ends', async (_what, bytes) => {
    const answer = await raw(bytes);
    expect(answer).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json\r\n/);
    const problem: unknown = JSON.parse(answer.split('\r\n\r\n')[1] ?? '');
    expect(problem).toMatchObject({ status: 400, code: 'request.malformed' });
  });

  test('an expectation that nobody knows is no reason to refuse', async () => {
    const answer = await raw(
      'GET /health/live HTTP/1.1\r\nhost: localhost\r\nexpect: much\r\nconnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 200/);
  });
});

describe('a wrong address', () => {
  test.each([
    ['GET', '/nope'],
    ['GET', '/api/v1'],
    ['GET', '/api/v1/job'],
    ['GET', '/api/v1/jobs/'],
    ['POST', '/api/v1/jobs/'],
    ['GET', '/api/docs/nothing.js'],
    ['GET', '/admin/queues/static/nothing.js'],
    ['POST', '/api/v2/jobs'],
  ])('%s %s is route.unknown', async (method, path) => {
    expectProblem(await api.send(method, path), 404, 'route.unknown');
  });

  test.each([
    ['PUT', '/api/v1/jobs'],
    ['DELETE', '/api/v1/jobs/j-1'],
    ['GET', '/api/v1/jobs/j-1/cancel'],
    ['POST', '/api/v1/pools'],
  ])('%s %s is route.method_not_allowed', async (method, path) => {
    const answer = await api.send(method, path);
    expectProblem(answer, 405, 'route.method_not_allowed');
    expect(answer.headers.get('allow')).toBeTruthy();
  });

  test.each(['/api/v1/jobs/%zz', '/%'])('%s is request.malformed', async (path) => {
    expectProblem(await api.send('GET', path), 400, 'request.malformed');
  });

  test.each(['j-none', 'A*B', '%00', '__proto__', `j-${'x'.repeat(90)}`])('the job %s is unknown', async (id) => {
    const at = `/api/v1/jobs/${encodeURIComponent(id)}`;
    expectProblem(await api.send('GET', at), 404, 'job.unknown');
    expectProblem(await api.send('GET', `${at}/events`), 404, 'job.unknown');
    expectProblem(await api.send('GET', `${at}/result`), 404, 'job.unknown');
    expectProblem(await api.send('POST', `${at}/cancel`), 404, 'job.unknown');
  });

  test('the root leads a program and a person to what there is', async () => {
    for (const path of ['/', '/api']) {
      const { places } = (await api.send('GET', path)).json as unknown as { places: Record<string, string> };
      for (const place of Object.values(places))
        expect((await fetch(new URL(place, api.url + path))).status, place).toBe(200);
      const page = await fetch(api.url + path, { headers: { accept: 'text/html,*/*;q=0.8' } });
      // Without a build there is no console, and the root leads to the documentation as well.
      const hasConsole = path === '/' && readConsolePage() !== undefined;
      expect([page.url, page.status]).toEqual([`${api.url}${hasConsole ? '/' : '/api/docs'}`, 200]);
      expect(page.headers.get('content-type')).toMatch(/^text\/html/);
    }
  });

  test('the place of the WebSocket says that it is one: request.upgrade_required', async () => {
    const answer = await api.send('GET', '/api/v1/stream');
    expectProblem(answer, 426, 'request.upgrade_required');
    expect(answer.headers.get('upgrade')).toBe('websocket');
  });

  test('a path part of extreme length is refused', async () => {
    const answer = await api.send('GET', `/api/v1/jobs/${'x'.repeat(3_000)}`);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});

describe('a list is refused', () => {
  test.each([
    ['limit=0', 'request.invalid', 'limit'],
    ['limit=201', 'request.invalid', 'limit'],
    ['limit=-1', 'request.invalid', 'limit'],
    ['limit=1e2', 'request.invalid', 'limit'],
    ['limit=', 'request.invalid', 'limit'],
    ['limit=1&limit=2', 'request.invalid', 'limit'],
    ['state=done', 'request.invalid', 'state'],
    ['state=queued&state=failed', 'request.invalid', 'state'],
    ['label=team', 'request.invalid', 'label'],
    ['label=a%20b:c', 'request.invalid', 'label'],
    ['colour=red', 'request.invalid', 'colour'],
    ['__proto__=x', 'request.invalid', '__proto__'],
    ['cursor=nonsense', 'cursor.invalid', 'cursor'],
    ['cursor=%00', 'cursor.invalid', 'cursor'],
  ])('for ?%s with %s', async (query, code, path) => {
    const answer = await api.send('GET', `/api/v1/jobs?${query}`);
    expectProblem(answer, 400, code, path);
  });
});

describe('an event stream is refused', () => {
  test.each(['abc', '-1', '1.5', '99999999999999999999', '1e3', '0x1', '12345'])(
    'for Last-Event-ID: %s',
    async (id) => {
      const answer = await api.send('GET', `/api/v1/jobs/${job}/events`, undefined, { 'last-event-id': id });
      expectProblem(answer, 400, 'event_id.invalid', 'Last-Event-ID');
    },
  );

  test.each(['abc', '-1', '999', '1&after=2'])('for ?after=%s', async (after) => {
    const answer = await api.send('GET', `/api/v1/jobs/${job}/events?format=json&after=${after}`);
    expect(answer.json).toMatchObject({ status: 400, faults: [{ path: 'after' }] });
  });

  test.each(['limit=0', 'limit=1001', 'format=xml', 'x=y'])('for ?%s', async (query) => {
    expectProblem(
      await api.send('GET', `/api/v1/jobs/${job}/events?${query}`),
      400,
      'request.invalid',
      query.split('=')[0],
    );
  });

  test('when its client takes neither form', async () => {
    const answer = await api.send('GET', `/api/v1/jobs/${job}/events`, undefined, { accept: 'image/png' });
    expectProblem(answer, 406, 'request.not_acceptable');
  });
});

test.each([
  ['a reason that is a number', { reason: 5 }, 'reason'],
  ['a reason that is too long', { reason: over(500) }, 'reason'],
  ['an unknown field', { because: 'x' }, 'because'],
])('a cancel with %s is refused', async (_what, body, path) => {
  expectProblem(await api.send('POST', `/api/v1/jobs/${job}/cancel`, body), 400, 'request.invalid', path);
});

async function jobCount(): Promise<number> {
  return (await api.send('GET', '/api/v1/jobs?limit=200')).json.jobs.length;
}
