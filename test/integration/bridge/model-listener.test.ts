import { once } from 'node:events';
import { createServer as createHttpServer, request as httpRequest, type RequestListener } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bridgeRefusal, idleToken } from '@remuda/protocol';
import { script } from '@remuda/scripted-model';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ask, openAsk, prompt, runBridge, secret } from './running-bridge.js';

const grant = { job: 'job-1', worker: 'w-1', lease: 1 };

async function listen(server: Server): Promise<{ url: string; [Symbol.asyncDispose](): Promise<void> }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
    server.close();
    await once(server, 'close');
  };
  return { url: `127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
}

const listenHttp = (listener: RequestListener) => listen(createHttpServer(listener));

test.each([undefined, idleToken, 'some-token-of-nobody'])(
  'answers HEAD / and count_tokens by itself for the token %s, refuses the rest, and asks the model nothing',
  async (token) => {
    await using run = await runBridge();
    const who = token === undefined ? {} : { token };
    expect(await ask(run.bridge, { ...who, method: 'HEAD', path: '/' })).toMatchObject({ status: 200, body: '' });
    const counted = await ask(run.bridge, { ...who, path: '/v1/messages/count_tokens?beta=true', body: prompt('hi') });
    expect(counted).toMatchObject({ status: 200, body: '{"input_tokens":10}' });
    const refused = await ask(run.bridge, { ...who, body: prompt('hi') });
    expect(refused.status).toBe(401);
    expect(JSON.parse(refused.body)).toMatchObject({ type: 'error', error: { type: 'authentication_error' } });
    expect(refused.body).toContain(bridgeRefusal.ended);
    expect(run.model.requests).toEqual([]);
  },
);

test("sends a running job's request on with the host's credential and without anything of the container's", async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  const reply = await ask(run.bridge, {
    headers: {
      authorization: 'Bearer live-token',
      cookie: 'a=b',
      'x-forwarded-for': '10.0.0.1',
      'anthropic-beta': 'effort-2025-11-24',
      'x-app': 'cli',
    },
    body: prompt(script({ text: 'hello there', headers: { 'set-cookie': 'c=d', 'anthropic-organization-id': 'org' } })),
  });
  expect(reply.status).toBe(200);
  expect(reply.body).toContain('hello');
  expect(reply.headers).not.toHaveProperty('set-cookie');
  expect(reply.headers).not.toHaveProperty('anthropic-organization-id');
  const [seen] = run.model.requests;
  expect(seen?.headers).toMatchObject({
    'x-api-key': secret,
    'anthropic-beta': 'effort-2025-11-24',
    'x-app': 'cli',
    'accept-encoding': 'identity',
  });
  expect(seen?.headers).not.toHaveProperty('authorization');
  expect(seen?.headers).not.toHaveProperty('cookie');
  expect(seen?.headers).not.toHaveProperty('x-forwarded-for');
  expect(seen?.path).toBe('/v1/messages?beta=true');
});

test('shows the model an OAuth token as bearer, with its beta added to those asked for', async () => {
  await using run = await runBridge({ ANTHROPIC_API_KEY: '', CLAUDE_CODE_OAUTH_TOKEN: secret });
  await run.grant('live-token', grant);
  await ask(run.bridge, {
    token: 'live-token',
    headers: { 'anthropic-beta': 'effort-2025-11-24' },
    body: prompt('hi'),
  });
  expect(run.model.requests[0]?.headers).toMatchObject({
    authorization: `Bearer ${secret}`,
    'anthropic-beta': 'effort-2025-11-24,oauth-2025-04-20',
  });
  expect(run.model.requests[0]?.headers).not.toHaveProperty('x-api-key');
});

test('lets nothing but the two paths of the Messages API through', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  const tries: [string, string][] = [
    ['GET', '/v1/models'],
    ['POST', '/v1/files'],
    ['GET', '/v1/messages'],
    ['POST', '/v1/messages/batches'],
    ['POST', '/v1/messages?beta=true&x=1'],
    ['POST', '/v1/messages/count_tokens?x=1'],
    ['POST', '/v1/messages/../files'],
    ['POST', '//v1/messages'],
    ['POST', 'http://elsewhere.test/v1/messages'],
  ];
  for (const [method, path] of tries)
    expect((await ask(run.bridge, { method, path, token: 'live-token' })).status, path).toBe(403);
  expect(run.model.requests).toEqual([]);
});

/** Counts are written behind the answer's back. */
const written = { timeout: 10_000 };

test('counts requests, tokens, their price and the first times of streams and of whole answers', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  const usage = {
    input_tokens: 1_000,
    output_tokens: 2_000,
    cache_read_input_tokens: 3_000,
    cache_creation_input_tokens: 4_000,
  };
  const before = Date.now();
  await ask(run.bridge, { token: 'live-token', body: prompt(script({ text: 'a b c', usage })) });
  // claude-sonnet-4-5: 3 and 15 dollars per million tokens, a tenth to read the cache, five quarters to write it.
  await expect
    .poll(() => run.counted('job-1'), written)
    .toMatchObject({
      requests: '1',
      inputTokens: '1000',
      outputTokens: '2000',
      cacheReadTokens: '3000',
      cacheWriteTokens: '4000',
      costMicroUsd: String(3_000 + 30_000 + 900 + 15_000),
    });
  const first = await run.counted('job-1');
  expect(Number(first['firstRequestAt'])).toBeGreaterThanOrEqual(before);
  expect(Number(first['firstTokenAt'])).toBeGreaterThanOrEqual(Number(first['firstRequestAt']));
  await ask(run.bridge, { token: 'live-token', body: prompt(script({ text: 'whole', usage }), { stream: false }) });
  await ask(run.bridge, { token: 'live-token', path: '/v1/messages/count_tokens', body: prompt('free') });
  const both = { requests: '2', outputTokens: '4000', costMicroUsd: '97800' };
  await expect.poll(() => run.counted('job-1'), written).toMatchObject(both);
  const second = await run.counted('job-1');
  expect(second['firstRequestAt']).toBe(first['firstRequestAt']);
  expect(second['firstTokenAt']).toBe(first['firstTokenAt']);
});

test('counts nothing for an answer that is an error, and hands the error on as it is', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  const error = { status: 529, type: 'overloaded_error', message: 'Overloaded', headers: { 'retry-after': '7' } };
  const reply = await ask(run.bridge, { token: 'live-token', body: prompt(script({ error })) });
  expect(reply).toMatchObject({ status: 529, headers: { 'retry-after': '7' } });
  expect(reply.body).toContain('Overloaded');
  const counted = { requests: '1', firstRequestAt: expect.any(String) as string };
  await expect.poll(() => run.counted('job-1'), written).toEqual(counted);
});

test('refuses the next request once the budget of a job is spent, with an error that is not tried again', async () => {
  await using run = await runBridge();
  await run.grant('live-token', { ...grant, maxBudgetUsd: 0.01 });
  const usage = { input_tokens: 4_000, output_tokens: 0 };
  const go = () => ask(run.bridge, { token: 'live-token', body: prompt(script({ text: 'x', usage })) });
  expect((await go()).status).toBe(200);
  const refused = await go();
  expect(refused.status).toBe(402);
  const { error } = JSON.parse(refused.body) as { error: { type: string; message: string } };
  expect(error.type).toBe('invalid_request_error');
  expect(error.message.startsWith(bridgeRefusal.budget)).toBe(true);
  expect(run.model.requests).toHaveLength(1);
  await expect.poll(() => run.counted('job-1'), written).toMatchObject({ requests: '1', refused: '1' });
});

describe('a grant that names models', () => {
  const named = { ...grant, models: ['claude-sonnet-4-5', 'haiku'] };
  const other = { model: 'claude-opus-4-1' };
  const plain = (more: object): string => prompt(script({ text: 'x' }), more as Record<string, unknown>);

  test('lets those through that it names, whole and unchanged', async () => {
    await using run = await runBridge();
    await run.grant('live-token', named);
    for (const model of ['claude-sonnet-4-5', 'claude-haiku-4-5-20251001']) {
      const body = plain({ model, metadata: { user_id: 'ü'.repeat(300_000) } });
      expect((await ask(run.bridge, { token: 'live-token', body })).status).toBe(200);
      expect(run.model.requests.at(-1)?.body).toEqual(JSON.parse(body));
    }
    await expect.poll(() => run.counted('job-1'), written).toMatchObject({ requests: '2' });
  });

  test.each([
    ['another one', plain(other), 'model'],
    ['a second one', `${plain({}).slice(0, -1)},"mod\\u0065l":"claude-opus-4-1"}`, 'model'],
    ['a second one in capitals', plain({ Model: 'claude-opus-4-1' }), 'content'],
    ['none', plain({ model: undefined }), 'model'],
    ['no text', plain({ model: ['claude-sonnet-4-5'] }), 'model'],
    ['one of two families', plain({ model: 'claude-opus-haiku' }), 'model'],
    ['a second body', plain({}) + plain(other), 'content'],
  ] as const)('refuses a body with %s, in the words of the API, and counts that', async (_, body, reason) => {
    await using run = await runBridge();
    await run.grant('live-token', named);
    const refused = await ask(run.bridge, { token: 'live-token', body });
    expect(refused.status).toBe(402);
    const { error } = JSON.parse(refused.body) as { error: { type: string; message: string } };
    expect(error.type).toBe('invalid_request_error');
    expect(error.message.startsWith(bridgeRefusal[reason])).toBe(true);
    expect(run.model.requests).toEqual([]);
    await expect.poll(() => run.counted('job-1'), written).toMatchObject({ refused: '1' });
    const figures = await (await fetch(`${run.bridge.addresses.adminUrl}/metrics`)).text();
    expect(figures).toMatch(new RegExp(`^remuda_bridge_refused_total\\{[^}]*reason="${reason}"[^}]*\\} 1$`, 'm'));
    // the connection is good for the next one
    expect((await ask(run.bridge, { token: 'live-token', body: plain({}) })).status).toBe(200);
  });

  test('what is read is what goes on, of two models in one body too', async () => {
    let came = '';
    await using upstream = await listenHttp((request, response) => {
      request.on('data', (chunk: Buffer) => (came += chunk.toString()));
      request.once('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
    });
    await using run = await runBridge({ REMUDA_MODEL_URL: `http://${upstream.url}` });
    await run.grant('live-token', named);
    const twice = `{"model":"claude-opus-4-1",${plain({}).slice(1)}`;
    expect((await ask(run.bridge, { token: 'live-token', body: twice })).status).toBe(200);
    expect(came).toContain('"model":"claude-sonnet-4-5"');
    expect(came).not.toContain('claude-opus-4-1');
  });

  test('passes no packed body on: what it names could not be read', async () => {
    await using run = await runBridge();
    await run.grant('live-token', named);
    const headers = { 'content-encoding': 'gzip' };
    expect((await ask(run.bridge, { token: 'live-token', headers, body: gzipSync(plain(other)) })).status).toBe(402);
    expect((await ask(run.bridge, { token: 'live-token', headers, body: plain({}) })).status).toBe(200);
    expect(run.model.requests.at(-1)?.headers).not.toHaveProperty('content-encoding');
  });
});

const fetched = { type: 'image', source: { type: 'url', url: 'http://elsewhere.test/?bytes' } };

describe('what has the vendor do more than answer', () => {
  const result = { type: 'tool_result', tool_use_id: 't', content: [fetched] };
  const contents: [string, Record<string, unknown>][] = [
    ['MCP servers', { mcp_servers: [{ type: 'url', name: 'x', url: 'http://elsewhere.test' }] }],
    ['a search', { tools: [{ type: 'web_search_20250305', name: 'web_search' }] }],
    ['an image by URL', { messages: [{ role: 'user', content: [fetched] }] }],
    ['an image by URL in a result', { messages: [{ role: 'user', content: [result] }] }],
    ['an unknown field', { inference_geo: 'eu' }],
  ];

  test.each(contents)('does not go on, to be answered or counted: %s', async (_, more) => {
    await using run = await runBridge();
    // No list of models is no leave for this.
    await run.grant('live-token', grant);
    for (const path of ['/v1/messages', '/v1/messages/count_tokens?beta=true']) {
      const refused = await ask(run.bridge, { token: 'live-token', path, body: prompt('hi', more) });
      expect(refused.status).toBe(402);
      expect(JSON.parse(refused.body)).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
      expect(refused.body).toContain(bridgeRefusal.content);
    }
    expect(run.model.requests).toEqual([]);
  });

  test('goes on where the grant opens it, and searches are paid for', async () => {
    await using run = await runBridge();
    await run.grant('live-token', { ...grant, serverTools: ['web_search'] });
    const usage = { input_tokens: 0, output_tokens: 0, server_tool_use: { web_search_requests: 3 } };
    const body = prompt(script({ text: 'found', usage }), contents[1]?.[1] ?? {});
    expect((await ask(run.bridge, { token: 'live-token', body })).status).toBe(200);
    await expect.poll(() => run.counted('job-1'), written).toMatchObject({ costMicroUsd: '30000' });
  });

  test('takes betas and headers with it', async () => {
    await using run = await runBridge({ REMUDA_MODEL_BETAS: 'brand-new' });
    await run.grant('live-token', grant);
    const betas = 'effort-2025-11-24,brand-new-2027-01-01,mcp-client-2025-11-20,other-2027-01-01';
    const headers = { 'anthropic-beta': betas, 'anthropic-workspace-id': 'w', 'x-anything': 'x' };
    await ask(run.bridge, { token: 'live-token', headers, body: prompt('hi') });
    expect(run.model.requests[0]?.headers).toMatchObject({
      'anthropic-beta': 'effort-2025-11-24,brand-new-2027-01-01',
    });
    expect(run.model.requests[0]?.headers).not.toHaveProperty('anthropic-workspace-id');
    expect(run.model.requests[0]?.headers).not.toHaveProperty('x-anything');
  });
});

describe('requests at the same time', () => {
  const usage = { input_tokens: 1_000, output_tokens: 0 };
  const slow = prompt(script({ text: 'x', delayMs: 300, usage }));

  test('go one after the other where the budget has room for one, until it is spent', async () => {
    await using run = await runBridge();
    await run.grant('live-token', { ...grant, models: ['claude-sonnet-4-5'], maxBudgetUsd: 0.005 });
    const all = await Promise.all(
      Array.from({ length: 5 }, () => ask(run.bridge, { token: 'live-token', body: slow })),
    );
    expect(all.map(({ status }) => status).sort()).toEqual([200, 200, 402, 402, 402]);
    expect(run.model.requests).toHaveLength(2);
    await expect.poll(() => run.counted('job-1'), written).toMatchObject({ requests: '2', refused: '3' });
  });

  test('go side by side where it has room for all of them', async () => {
    await using run = await runBridge();
    await run.grant('live-token', { ...grant, models: ['claude-sonnet-4-5'], maxBudgetUsd: 20 });
    const body = prompt(script({ text: 'x', hangMs: 60_000 }));
    const all = Array.from({ length: 5 }, () => ask(run.bridge, { token: 'live-token', body }));
    await expect.poll(() => run.model.requests.length, written).toBe(5);
    await run.model.close();
    await Promise.allSettled(all);
  });

  test('do not wait beyond the end of their job', async () => {
    await using run = await runBridge();
    await run.grant('live-token', { ...grant, models: ['claude-sonnet-4-5'], maxBudgetUsd: 0.0032 });
    const cheap = prompt(script({ text: 'x', delayMs: 300, usage: { input_tokens: 100, output_tokens: 0 } }));
    const first = ask(run.bridge, { token: 'live-token', body: cheap });
    await run.model.seen((request) => request.kind === 'messages');
    const second = ask(run.bridge, { token: 'live-token', body: cheap });
    // a request of another job comes and goes: the second one is at the bridge by then
    await run.grant('other-token', { ...grant, job: 'job-2' });
    await ask(run.bridge, { token: 'other-token', path: '/v1/messages/count_tokens', body: '{}' });
    await run.revoke('live-token');
    expect((await first).status).toBe(200);
    expect((await second).status).toBe(401);
  });
});

test('hanging up before the model has said what it wrote is no way round the budget', async () => {
  const usage = { input_tokens: 10, output_tokens: 1 };
  const text = { type: 'text_delta', text: 'word '.repeat(300) };
  const events = [
    { type: 'message_start', message: { model: 'claude-sonnet-4-5', usage } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: text },
  ];
  await using upstream = await listenHttp((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''));
  });
  await using run = await runBridge({ REMUDA_MODEL_URL: `http://${upstream.url}` });
  await run.grant('live-token', grant);
  const answer = await openAsk(run.bridge, { token: 'live-token', body: prompt('hi') });
  await once(answer, 'data');
  answer.destroy();
  await expect.poll(async () => Number((await run.counted('job-1'))['outputTokens'])).toBeGreaterThan(300);
});

test('refuses a token from the moment it is revoked', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  expect((await ask(run.bridge, { token: 'live-token', body: prompt('hi') })).status).toBe(200);
  await run.revoke('live-token');
  expect((await ask(run.bridge, { token: 'live-token', body: prompt('hi') })).status).toBe(401);
});

test('passes each piece of an answer on as it comes', async () => {
  let goOn: (() => void) | undefined;
  await using upstream = await listenHttp((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
    goOn = () => response.end('data: two\n\n');
  });
  await using run = await runBridge({ REMUDA_MODEL_URL: `http://${upstream.url}` });
  await run.grant('live-token', grant);
  const answer = await openAsk(run.bridge, { token: 'live-token', body: prompt('hi') });
  const [one] = (await once(answer, 'data')) as [Buffer];
  expect(one.toString()).toBe('data: one\n\n');
  goOn?.();
  expect((await answer.toArray()).map(String).join('')).toBe('data: two\n\n');
});

test('a client that goes takes its request to the model with it', async () => {
  let gone: Promise<unknown> | undefined;
  await using upstream = await listenHttp((request, response) => {
    gone = once(response, 'close');
    request.resume();
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n');
  });
  await using run = await runBridge({ REMUDA_MODEL_URL: `http://${upstream.url}` });
  await run.grant('live-token', grant);
  const answer = await openAsk(run.bridge, { token: 'live-token', body: prompt('hi') });
  await once(answer, 'data');
  answer.destroy();
  await gone;
});

test('a client that reads slowly holds up the model instead of filling the memory', async () => {
  let written = 0;
  await using upstream = await listenHttp((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const piece = Buffer.alloc(64 * 1024, 'x');
    const pump = (): void => {
      while (written < 500 * 1024 * 1024) {
        written += piece.length;
        if (!response.write(piece)) return void response.once('drain', pump);
      }
    };
    pump();
  });
  await using run = await runBridge({ REMUDA_MODEL_URL: `http://${upstream.url}` });
  await run.grant('live-token', grant);
  const answer = await openAsk(run.bridge, { token: 'live-token', body: prompt('hi') });
  await once(answer, 'readable');
  let last = -1;
  while (last !== written) {
    last = written;
    await sleep(300);
  }
  expect(written).toBeLessThan(32 * 1024 * 1024);
  answer.destroy();
});

test('refuses a body over 32 MB, whether its length was said or not', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  const said = await new Promise<number>((resolve) => {
    const outgoing = httpRequest({
      socketPath: run.bridge.addresses.model,
      method: 'POST',
      path: '/v1/messages',
      headers: { 'x-api-key': 'live-token', 'content-length': String(33 * 1024 * 1024) },
    });
    outgoing
      .on('error', () => undefined)
      .once('response', (answer) => {
        resolve(answer.statusCode ?? 0);
      });
    outgoing.flushHeaders();
  });
  expect(said).toBe(413);
  const streamed = await new Promise<number>((resolve) => {
    const outgoing = httpRequest({
      socketPath: run.bridge.addresses.model,
      method: 'POST',
      path: '/v1/messages',
      headers: { 'x-api-key': 'live-token', 'transfer-encoding': 'chunked' },
    });
    outgoing
      .on('error', () => undefined)
      .once('response', (answer) => {
        resolve(answer.statusCode ?? 0);
      });
    const piece = Buffer.alloc(1024 * 1024, ' ');
    let sent = 0;
    const pump = (): void => {
      while (sent++ < 70) if (!outgoing.write(piece)) return void outgoing.once('drain', pump);
    };
    pump();
  });
  expect(streamed).toBe(413);
});

test('says 502 when nobody listens at the model, and when a connection to it does not come to stand', async () => {
  const nobody = await listen(createTcpServer());
  await nobody[Symbol.asyncDispose]();
  const silent = createTcpServer((socket) => socket.on('error', () => undefined).resume());
  await using mute = await listen(silent);
  for (const url of [`http://${nobody.url}`, `https://${mute.url}`]) {
    await using run = await runBridge({ REMUDA_MODEL_URL: url, REMUDA_MODEL_CONNECT_TIMEOUT_MS: '200' });
    await run.grant('live-token', grant);
    const reply = await ask(run.bridge, { token: 'live-token', body: prompt('hi') });
    expect(reply.status).toBe(502);
    expect(JSON.parse(reply.body)).toMatchObject({ error: { type: 'api_error' } });
  }
});

test('says 503 and when to come back while Redis is down, and serves again once it is there', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  await run.redis.stop();
  const reply = await ask(run.bridge, { token: 'live-token', body: prompt('hi') });
  expect(reply).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  expect(JSON.parse(reply.body)).toMatchObject({ error: { type: 'overloaded_error' } });
  expect((await ask(run.bridge, { token: idleToken, path: '/v1/messages/count_tokens', body: '{}' })).status).toBe(200);
  expect((await fetch(`${run.bridge.addresses.adminUrl}/health/ready`)).status).toBe(503);
  await run.redis.start();
  await expect.poll(async () => (await ask(run.bridge, { token: 'live-token', body: prompt('hi') })).status).toBe(200);
  expect((await fetch(`${run.bridge.addresses.adminUrl}/health/ready`)).status).toBe(200);
});

test('the figures name outcomes, reasons and kinds, and no job', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  await ask(run.bridge, { token: 'live-token', body: prompt('hi') });
  await ask(run.bridge, { token: 'other', body: prompt('hi') });
  const text = await (await fetch(`${run.bridge.addresses.adminUrl}/metrics`)).text();
  expect(text).toContain('remuda_bridge_model_requests_total{outcome="answered",app="bridge"} 1');
  expect(text).toContain('remuda_bridge_refused_total{reason="ended",app="bridge"} 1');
  expect(text).toMatch(/remuda_bridge_tokens_total\{kind="inputTokens",app="bridge"\} \d+/);
  expect(text).toContain('remuda_bridge_first_token_seconds_count');
  expect(text).not.toContain('job-1');
});

test('serves the same over TCP on the loopback interface where a port was given', async () => {
  await using run = await runBridge({ REMUDA_BRIDGE_PORT: '0' });
  await run.grant('live-token', grant);
  const reply = await fetch(`${run.bridge.addresses.modelUrl ?? ''}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': 'live-token', 'content-type': 'application/json' },
    body: prompt('over tcp', { stream: false }),
  });
  expect(reply.status).toBe(200);
  expect(await reply.text()).toContain('over tcp');
});

test('an answer that does not end within the grace is cut when the bridge closes', async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  const body = prompt(script({ text: 'one two', stallMs: 60_000 }));
  const answer = await openAsk(run.bridge, { token: 'live-token', body });
  await once(answer, 'readable');
  const rest = answer.toArray();
  rest.catch(() => undefined);
  await run.bridge.close(100);
  await expect(rest).rejects.toThrow('aborted');
});

test("notes when the account's usage limit is lifted, and tells Claude Code not to wait for it", async () => {
  await using run = await runBridge();
  await run.grant('live-token', grant);
  const reset = Math.ceil(Date.now() / 1_000) + 3_600;
  const limited = (headers: Record<string, string>) =>
    prompt(script({ error: { status: 429, type: 'rate_limit_error', headers } }));
  const short = await ask(run.bridge, { token: 'live-token', body: limited({ 'retry-after': '2' }) });
  expect(short.headers).not.toHaveProperty('x-should-retry');
  const unified = {
    'anthropic-ratelimit-unified-status': 'rejected',
    'anthropic-ratelimit-unified-reset': String(reset),
  };
  const refused = await ask(run.bridge, { token: 'live-token', body: limited(unified) });
  expect(refused).toMatchObject({ status: 429, headers: { 'x-should-retry': 'false' } });
  await expect.poll(() => run.counted('job-1')).toMatchObject({ limitResetAt: String(reset * 1_000) });
});
