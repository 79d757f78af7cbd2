import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { chooseCredential } from './credential.js';
import { createDirectServer } from './direct-server.js';
import { openUpstream, type Upstream } from './upstream/upstream.js';

const seen: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
const model = createServer((request, response) => {
  void request.toArray().then((chunks) => {
    const { url = '', headers } = request;
    seen.push({ url, headers, body: Buffer.concat(chunks as Buffer[]).toString() });
    response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b' }).end('{"said":"hi"}');
  });
});
const faults: string[] = [];
let upstream: Upstream;
let url: string;
const server = createDirectServer({
  get upstream() {
    return upstream;
  },
  admits: (token) => token === 'running',
  onFault: (fault) => faults.push(fault),
});
const port = (of: typeof server): Promise<number> =>
  new Promise((resolve) => of.listen(0, '127.0.0.1', () => resolve((of.address() as AddressInfo).port)));

beforeEach(async () => {
  seen.length = 0;
  const modelUrl = new URL(`http://127.0.0.1:${String(await port(model))}`);
  upstream = openUpstream(modelUrl, chooseCredential({ apiKey: 'sk-real', modelUrl }), 1_000);
  url = `http://127.0.0.1:${String(await port(server))}`;
});
afterEach(async () => {
  upstream.close();
  for (const one of [server, model]) {
    one.closeAllConnections();
    await new Promise((resolve) => one.close(resolve));
  }
});

const ask = (path: string, token: string, method = 'POST') =>
  fetch(url + path, {
    method,
    headers: { 'x-remuda-token': token },
    ...(method === 'POST' ? { body: '{"a":1}' } : {}),
  });

test("a running turn's request reaches the model with the credential, and nothing of its own", async () => {
  const answer = await ask('/v1/messages?beta=true', 'running');
  expect(await answer.json()).toEqual({ said: 'hi' });
  expect(answer.headers.get('set-cookie')).toBeNull();
  expect(seen).toMatchObject([{ url: '/v1/messages?beta=true', headers: { 'x-api-key': 'sk-real' }, body: '{"a":1}' }]);
  expect(seen[0]?.headers).not.toHaveProperty('x-remuda-token');
});

test('between turns nothing reaches the model: token counts have a constant answer, the rest is refused', async () => {
  expect(await (await ask('/v1/messages/count_tokens', 'over')).json()).toEqual({ input_tokens: 10 });
  const refused = await ask('/v1/messages', 'over');
  expect(refused.status).toBe(401);
  expect(refused.headers.get('x-should-retry')).toBe('false');
  expect((await ask('/', 'over', 'HEAD')).status).toBe(200);
  expect((await ask('/v1/files', 'running')).status).toBe(403);
  expect(seen).toEqual([]);
});

test('a model that cannot be reached is said to be unreachable', async () => {
  upstream.close();
  upstream = openUpstream(new URL('http://127.0.0.1:1'), upstream.credential, 1_000);
  expect((await ask('/v1/messages', 'running')).status).toBe(502);
  expect(faults).toEqual(['unreachable']);
});
