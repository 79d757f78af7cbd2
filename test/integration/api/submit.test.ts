import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApiCluster } from './api-cluster.js';
import type { ApiCluster } from './api-cluster.js';

let cluster: ApiCluster;
beforeAll(async () => {
  cluster = await startApiCluster();
});
afterAll(() => cluster.stop());

const submit = (body: object, headers?: Record<string, string>) =>
  cluster.api.send('POST', '/api/v1/jobs', body, headers);

test('a submitted job is accepted with its place, and is there', async () => {
  const answer = await submit({ prompt: 'hi', delayMs: 3_600_000, labels: { team: 'search' }, workspace: 'empty' });
  expect(answer.status).toBe(202);
  const { id, url } = answer.json;
  expect(answer.json).toEqual({ id, state: 'queued', url: `/api/v1/jobs/${id}`, events: `/api/v1/jobs/${id}/events` });
  expect(answer.headers.get('location')).toBe(url);
  const job = (await cluster.api.send('GET', url)).json;
  expect(job).toMatchObject({
    id,
    state: 'queued',
    attempt: 0,
    profile: 'default',
    workspace: { kind: 'empty' },
    priority: 5,
    attempts: 3,
    timeoutMs: 1_800_000,
    labels: { team: 'search' },
    metadata: {},
  });
  expect(Date.parse(job.runAt) - Date.parse(job.times.queuedAt)).toBeGreaterThan(3_590_000);
  expect(job).not.toHaveProperty('prompt');
  expect(job).not.toHaveProperty('lease');
});

test('everything that a job can ask for reaches it', async () => {
  const asked = {
    model: 'claude-sonnet-4-5[1m]',
    appendSystemPrompt: 'Be brief.',
    maxTurns: 7,
    maxBudgetUsd: 0.25,
    tools: { allow: ['Read'], deny: ['Bash(rm *)'] },
    permissionMode: 'acceptEdits',
    outputSchema: { type: 'object', properties: { a: { type: 'string' } } },
    workspace: { kind: 'git', url: 'git@github.com:owner/project.git', ref: 'feature/x', depth: 1 },
    priority: 10,
    runAt: new Date(Date.now() + 3_600_000).toISOString(),
    ttlMs: 1_000,
    timeoutMs: 5_000,
    attempts: 1,
    deltas: true,
    labels: { 'a.b/c': 'x' },
    metadata: { nested: { list: [1, null, 'x'] } },
  };
  const { json } = await submit({ prompt: '  ü\n', profile: 'default', ...asked });
  expect((await cluster.api.send('GET', json.url)).json).toMatchObject(asked);
});

describe('Prefer: wait', () => {
  test('gives the job with its result when it is over in time', async () => {
    const answer = submit({ prompt: 'hi' }, { prefer: 'wait=30' });
    (await cluster.engines.next()).succeed({ text: 'hello' });
    const { status, json, headers } = await answer;
    expect(status).toBe(200);
    expect(headers.get('preference-applied')).toBe('wait=30');
    expect(json).toMatchObject({
      state: 'succeeded',
      start: { kind: expect.stringMatching(/^(warm|cold)$/) },
      result: { text: 'hello', costUsd: 0.5 },
    });
    expect(headers.get('location')).toBe(`/api/v1/jobs/${json.id}`);
  });

  test('gives the accepted job when it is not', async () => {
    const answer = await submit({ prompt: 'hi' }, { prefer: 'respond-async, wait=1' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('wait=1');
    expect(['queued', 'assigned', 'running']).toContain(answer.json.state);
    (await cluster.engines.next()).succeed();
  });

  test.each(['wait', 'wait=-1', 'wait=soon', 'handling=strict'])('that says %s asks for no wait', async (prefer) => {
    const answer = await submit({ prompt: 'hi', delayMs: 3_600_000 }, { prefer });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBeNull();
  });
});

describe('Idempotency-Key', () => {
  const later = { prompt: 'hi', delayMs: 3_600_000 };

  test('the same key and body give the same job, in whatever order its fields stand', async () => {
    const first = await submit({ ...later, labels: { a: '1', b: '2' } }, { 'idempotency-key': 'k-1' });
    const again = await submit({ labels: { b: '2', a: '1' }, ...later }, { 'idempotency-key': 'k-1' });
    expect(again.status).toBe(202);
    expect(again.json).toEqual(first.json);
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
  });

  test('two at once make one job', async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => submit(later, { 'idempotency-key': 'k-2' })));
    expect(new Set(all.map((answer) => answer.json.id)).size).toBe(1);
  });

  test('another body is a conflict', async () => {
    await submit(later, { 'idempotency-key': 'k-3' });
    const other = await submit({ ...later, priority: 1 }, { 'idempotency-key': 'k-3' });
    expect(other.status).toBe(409);
    expect(other.json.code).toBe('idempotency.conflict');
  });

  test('it holds for a batch as a whole', async () => {
    const headers = { 'idempotency-key': 'k-4' };
    const jobs = [later, later];
    const first = await cluster.api.send('POST', '/api/v1/jobs/batch', { jobs }, headers);
    const again = await cluster.api.send('POST', '/api/v1/jobs/batch', { jobs }, headers);
    expect(again.json).toEqual(first.json);
    const other = await cluster.api.send('POST', '/api/v1/jobs/batch', { jobs: [later] }, headers);
    expect(other.json.code).toBe('idempotency.conflict');
  });

  test('a refused body does not use the key up', async () => {
    const headers = { 'idempotency-key': 'k-5' };
    expect((await submit({ prompt: '' }, headers)).status).toBe(400);
    expect((await submit(later, headers)).status).toBe(202);
  });
});

test('a batch of 500 is accepted in the order of the request', async () => {
  const jobs = Array.from({ length: 500 }, (_, i) => ({ prompt: 'hi', delayMs: 3_600_000, metadata: { i } }));
  const answer = await cluster.api.send('POST', '/api/v1/jobs/batch', { jobs });
  expect(answer.status).toBe(202);
  expect(answer.json.jobs).toHaveLength(500);
  const last = await cluster.api.send('GET', answer.json.jobs[499]!.url);
  expect(last.json.metadata).toEqual({ i: 499 });
});

test('a prompt of exactly 10 MiB is accepted', async () => {
  const prompt = 'x'.repeat(10 * 1024 * 1024);
  const status = async () => (await submit({ prompt, delayMs: 3_600_000 })).status;
  // While the machine is busy Redis may not have taken it in time, which is a 503 and no refusal.
  await expect.poll(status, { timeout: 60_000, interval: 500 }).toBe(202);
});

describe('secrets', () => {
  const TOKEN = 'never-to-be-shown-1';

  test('a job is shown with the names of its secrets, and with no value', async () => {
    const { json, status } = await submit({ prompt: 'hi', secrets: { TOKEN }, delayMs: 3_600_000 });
    expect(status).toBe(202);
    const shown = await Promise.all(
      ['', '/events'].map((path) =>
        cluster.api.send('GET', `${json.url}${path}`, undefined, { accept: 'application/json' }),
      ),
    );
    expect(shown[0]?.json).toMatchObject({ secrets: ['TOKEN'] });
    const list = await cluster.api.send('GET', '/api/v1/jobs');
    expect(JSON.stringify([...shown, list].map((answer) => answer.json))).not.toContain(TOKEN);
  });

  test.each<[string, Record<string, unknown>, string]>([
    ['a name in small letters', { token: TOKEN }, 'secrets.token'],
    ['a name with a dash', { 'A-B': TOKEN }, 'secrets.A-B'],
    ["the engine's own name", { ANTHROPIC_API_KEY: TOKEN }, 'secrets.ANTHROPIC_API_KEY'],
    ['the path of programs', { PATH: TOKEN }, 'secrets.PATH'],
    ['an empty value', { A: '' }, 'secrets.A'],
    ['a number', { A: 12345678 }, 'secrets.A'],
    ['a null character', { A: `${TOKEN}\0` }, 'secrets.A'],
    ['half a character', { A: `${TOKEN}\ud800` }, 'secrets.A'],
    ['a large value', { A: TOKEN.repeat(1_000) }, 'secrets.A'],
    ['many', Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`S${i}`, TOKEN])), 'secrets'],
  ])('%s is refused, without a word of the value', async (_what, secrets, path) => {
    const { json, status } = await submit({ prompt: 'hi', secrets });
    expect(status).toBe(400);
    expect(json).toMatchObject({ code: 'request.invalid', faults: [{ path }] });
    expect(JSON.stringify(json)).not.toContain(TOKEN);
    expect(JSON.stringify(json)).not.toContain('12345678');
  });

  test('secrets of the operator are named, and shown by their names', async () => {
    const { json, status } = await submit({ prompt: 'hi', secrets: ['TOKEN', 'TOKEN', 'B'], delayMs: 3_600_000 });
    expect(status).toBe(202);
    expect((await cluster.api.send('GET', json.url)).json).toMatchObject({ secrets: ['TOKEN', 'B'] });
  });

  test.each<[string, unknown, string]>([
    ['a name in small letters', ['A', 'token'], 'secrets[1]'],
    ['a number', [1], 'secrets[0]'],
    ['a word', 'TOKEN', 'secrets'],
    ['many', Array.from({ length: 33 }, (_, i) => `S${i}`), 'secrets'],
  ])('%s is refused as a name', async (_what, secrets, path) => {
    const { json, status } = await submit({ prompt: 'hi', secrets });
    expect([status, json.faults]).toMatchObject([400, [{ path }]]);
  });

  test('the same key with another secret is a conflict', async () => {
    const headers = { 'idempotency-key': 'with-secret' };
    await submit({ prompt: 'hi', secrets: { TOKEN }, delayMs: 3_600_000 }, headers);
    const { json } = await submit({ prompt: 'hi', secrets: { TOKEN: 'another' }, delayMs: 3_600_000 }, headers);
    expect(json.code).toBe('idempotency.conflict');
  });
});

describe('a webhook', () => {
  const url = 'https://hooks.example.com/x';

  test('is shown with its job, and has no message before the end', async () => {
    const webhook = { url, events: ['job.failed'], secret: 'HOOK' };
    const { json } = await submit({ prompt: 'hi', delayMs: 3_600_000, webhook });
    const path = `/api/v1/jobs/${json.id}`;
    expect((await cluster.api.send('GET', path)).json).toMatchObject({ webhook });
    expect((await cluster.api.send('GET', `${path}/webhook/deliveries`)).json).toEqual({ deliveries: [] });
    const replayed = await cluster.api.send('POST', `${path}/webhook/replay`);
    expect([replayed.status, replayed.json.code]).toEqual([404, 'webhook.no_message']);
  });

  test.each([
    [{ url: 'http://169.254.169.254/latest' }, 'webhook.url'],
    [{ url: 'https://0x7f000001/' }, 'webhook.url'],
    [{ url: 'http://hooks.example.com/' }, 'webhook.url'],
    [{ url: 'https://me:pw@hooks.example.com/' }, 'webhook.url'],
    [{ url: 'hooks' }, 'webhook.url'],
    [{ url, events: [] }, 'webhook.events'],
    [{ url, events: ['job.failed', 'job.failed'] }, 'webhook.events'],
    [{ url, events: ['job.started'] }, 'webhook.events'],
    [{ url, secret: 'a b' }, 'webhook.secret'],
    [{ url, headers: {} }, 'webhook.headers'],
    [{}, 'webhook.url'],
    [[], 'webhook'],
  ])('is refused as %j', async (webhook, path) => {
    const { status, json } = await submit({ prompt: 'hi', webhook });
    expect([status, json.faults.map((fault) => fault.path)]).toEqual([400, [path]]);
  });
});
