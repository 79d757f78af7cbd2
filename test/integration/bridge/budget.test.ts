import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { RemudaError } from '@remuda/domain';
import { script } from '@remuda/scripted-model';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ask, openAsk, prompt, runBridge } from './running-bridge.js';

const grant = { job: 'job-1', worker: 'w-1', lease: 1, models: ['claude-sonnet-4-5'] };
const written = { timeout: 10_000 };

/** Says an answer of so many tokens. */
type Way = (response: ServerResponse, tokens: number) => void;

/** A model that writes as many tokens as it may, and tells that in whatever way. */
async function startModel(ways: readonly Way[]) {
  const asked: { max_tokens: number }[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    void (async () => {
      const chunks = (await request.toArray()) as Buffer[];
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { max_tokens: number };
      ways[(asked.push(body) - 1) % ways.length]?.(response, body.max_tokens);
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  return { url, asked, [Symbol.asyncDispose]: close };
}

/** 40 tokens in, and those out, at 3 and 15 dollars for a million. */
const costMicroUsd = (tokens: number): number => 120 + tokens * 15;

const json = { 'content-type': 'application/json' };
const sse = { 'content-type': 'text/event-stream' };
const model = 'claude-sonnet-4-5';
const messageOf = (tokens: number): string =>
  JSON.stringify({ type: 'message', model, content: [], usage: { input_tokens: 40, output_tokens: tokens } });
const streamOf = (tokens: number): string =>
  [
    { type: 'message_start', message: { model, usage: { input_tokens: 40, output_tokens: 1 } } },
    { type: 'message_delta', delta: {}, usage: { output_tokens: tokens } },
  ]
    .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    .join('');

const plain: Way = (response, tokens) => response.writeHead(200, json).end(messageOf(tokens));
const gzipped: Way = (response, tokens) =>
  response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(messageOf(tokens)));
const gzippedStream: Way = (response, tokens) =>
  response.writeHead(200, { ...sse, 'content-encoding': 'x-gzip' }).end(gzipSync(streamOf(tokens)));
const brotli: Way = (response, tokens) =>
  response.writeHead(200, { ...sse, 'content-encoding': 'br' }).end(brotliCompressSync(streamOf(tokens)));
const silent: Way = (response) => response.writeHead(200, json).end('{"type":"message","content":[]}');
const unreadable: Way = (response) =>
  response.writeHead(200, { ...json, 'content-encoding': 'zstd' }).end(Buffer.from([1, 2, 3]));
const untyped: Way = (response, tokens) =>
  response.writeHead(200, { 'content-type': 'text/plain' }).end(messageOf(tokens));
const broken: Way = (response, tokens) =>
  response.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end(gzipSync(messageOf(tokens)).subarray(0, 30));

const body = prompt('work', { max_tokens: 2_000 });

test('two bridges keep one budget, of 50 requests at once, however the answers are packed and whatever they tell', async () => {
  await using far = await startModel([plain, gzipped, silent, gzippedStream, brotli, unreadable, untyped, broken]);
  await using one = await runBridge({ REMUDA_MODEL_URL: far.url });
  await using two = await runBridge({ REMUDA_MODEL_URL: far.url, REMUDA_REDIS_URL: one.redis.url });
  await one.grant('live-token', { ...grant, maxBudgetUsd: 0.5 });
  const all = await Promise.all(
    Array.from({ length: 50 }, (_, i) => ask([one, two][i % 2]!.bridge, { token: 'live-token', body })),
  );
  // What an answer cost is written down before it is given back.
  await expect.poll(() => one.reserved('job-1'), written).toEqual({});
  const statuses = new Set(all.map(({ status }) => status));
  expect(statuses).toEqual(new Set([200, 402]));
  const spent = far.asked.reduce((sum, { max_tokens: tokens }) => sum + costMicroUsd(tokens), 0);
  expect(spent).toBeLessThanOrEqual(500_000 + costMicroUsd(2_000));
  expect(spent).toBeGreaterThan(400_000);
  const counted = Number((await one.counted('job-1'))['costMicroUsd']);
  expect(counted).toBeGreaterThanOrEqual(spent);
});

test.each<[string, Way]>([
  ['gzip', gzipped],
  ['a gzipped stream', gzippedStream],
  ['brotli', brotli],
  ['no compression', plain],
])('reads what an answer costs through %s', async (_, way) => {
  await using far = await startModel([way]);
  await using run = await runBridge({ REMUDA_MODEL_URL: far.url });
  await run.grant('live-token', grant);
  const reply = await ask(run.bridge, { token: 'live-token', body });
  expect(reply.status).toBe(200);
  await expect
    .poll(() => run.counted('job-1'), written)
    .toMatchObject({ outputTokens: '2000', costMicroUsd: String(costMicroUsd(2_000)) });
});

test.each<[string, Way]>([
  ['tells no usage', silent],
  ['is packed in a way that nobody knows', unreadable],
  ['is of no known type', untyped],
  ['ends in the middle of its packing', broken],
])('an answer that %s costs what was reserved for it', async (_, way) => {
  await using far = await startModel([way]);
  await using run = await runBridge({ REMUDA_MODEL_URL: far.url });
  await run.grant('live-token', grant);
  await ask(run.bridge, { token: 'live-token', body });
  await expect.poll(async () => Number((await run.counted('job-1'))['costMicroUsd'])).toBeGreaterThanOrEqual(30_000);
  const figures = await (await fetch(`${run.bridge.addresses.adminUrl}/metrics`)).text();
  expect(figures).toMatch(/^remuda_bridge_estimated_answers_total\{[^}]*\} 1$/m);
});

test('an answer that says it is an error costs nothing, and one that nobody waited for what reading it costs', async () => {
  let came: (() => void) | undefined;
  const seen = new Promise<void>((resolve) => (came = resolve));
  const error: Way = (response) =>
    response.writeHead(200, sse).end('event: error\ndata: {"type":"error","error":{"type":"overloaded_error"}}\n\n');
  await using far = await startModel([error, () => came?.()]);
  await using run = await runBridge({ REMUDA_MODEL_URL: far.url });
  await run.grant('live-token', grant);
  await ask(run.bridge, { token: 'live-token', body });
  await expect.poll(() => run.counted('job-1'), written).toMatchObject({ requests: '1' });
  expect(await run.counted('job-1')).not.toHaveProperty('costMicroUsd');
  const leaving = new AbortController();
  const gone = openAsk(run.bridge, { token: 'live-token', body, signal: leaving.signal }).catch(() => undefined);
  await seen;
  leaving.abort();
  await gone;
  await expect.poll(async () => Number((await run.counted('job-1'))['costMicroUsd'])).toBeGreaterThan(100);
  expect(Number((await run.counted('job-1'))['costMicroUsd'])).toBeLessThan(1_000);
});

test('a request alone gets an answer as long as what is left pays for, and none when that is too little', async () => {
  await using far = await startModel([plain]);
  await using run = await runBridge({ REMUDA_MODEL_URL: far.url });
  await run.grant('live-token', { ...grant, maxBudgetUsd: 0.1 });
  const long = prompt('work', { max_tokens: 128_000, speed: 'fast' });
  expect((await ask(run.bridge, { token: 'live-token', body: long })).status).toBe(200);
  const [asked] = far.asked;
  // 90 micro-dollars for a token of a fast answer
  expect(asked?.max_tokens).toBeGreaterThan(1_024);
  expect(asked?.max_tokens).toBeLessThan(100_000 / 90);
  await run.grant('small-token', { ...grant, job: 'job-2', maxBudgetUsd: 0.05 });
  const refused = await ask(run.bridge, { token: 'small-token', body: long });
  expect(refused.status).toBe(402);
  expect(far.asked).toHaveLength(1);
});

test('what a request has reserved is given back when its grant can not be looked up after it waited', async () => {
  let faults = 0;
  await using run = await runBridge({}, (parts) => ({
    ...parts,
    grants: {
      find: async (hash) => {
        const found = await parts.grants.find(hash);
        if (faults > 0 && faults-- > 0) throw new RemudaError('redis.unavailable', 'away');
        return found;
      },
    },
  }));
  await run.grant('live-token', { ...grant, maxBudgetUsd: 0.04 });
  const slow = prompt(script({ text: 'x', delayMs: 300 }), { max_tokens: 2_000 });
  const first = ask(run.bridge, { token: 'live-token', body: slow });
  await run.model.seen((request) => request.kind === 'messages');
  const second = ask(run.bridge, { token: 'live-token', body: slow });
  // a request of another job comes and goes: the second one is at the bridge by then
  await run.grant('other-token', { ...grant, job: 'job-2' });
  await ask(run.bridge, { token: 'other-token', path: '/v1/messages/count_tokens', body: prompt('hi') });
  faults = 1;
  expect((await first).status).toBe(200);
  expect((await second).status).toBe(503);
  expect((await ask(run.bridge, { token: 'live-token', body: slow })).status).toBe(200);
  await expect.poll(() => run.reserved('job-1'), written).toEqual({});
});

test('what a dead bridge had reserved ends by itself, and what a live one has is renewed', async () => {
  await using run = await runBridge();
  await run.grant('live-token', { ...grant, maxBudgetUsd: 0.05 });
  const long = prompt(script({ text: 'x', hangMs: 60_000 }), { max_tokens: 2_000 });
  await run.reserve('job-1', { dead: '50000:1', live: `20000:${String(Date.now() + 3_600_000)}` });
  const reply = ask(run.bridge, { token: 'live-token', body: prompt('x', { max_tokens: 100 }) });
  expect((await reply).status).toBe(200);
  await expect.poll(async () => Object.keys(await run.reserved('job-1')), written).toEqual(['live']);
  await run.reserve('job-1', { live: '20000:1' });
  const hanging = openAsk(run.bridge, { token: 'live-token', body: long }).catch(() => undefined);
  await run.model.seen((request) => request.kind === 'messages' && request.body?.max_tokens === 2_000);
  const [amount, ends] =
    Object.values(await run.reserved('job-1'))[0]
      ?.split(':')
      .map(Number) ?? [];
  expect(amount).toBeGreaterThan(30_000);
  expect(ends).toBeGreaterThan(Date.now());
  await run.model.close();
  await hanging;
});
