import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownSources } from './allowed-sources.js';
import { admitSources, guardServer } from './guard-server.js';

let served = 0;
const server = createServer((_request, response) => {
  served++;
  response.end('{"served":true}');
});
beforeAll(() => once(guardServer(server, admitSources(ownSources)).listen(0, '127.0.0.1'), 'listening'));
afterAll(() => void server.close());

async function ask(headers: Record<string, string>): Promise<{ status: number | undefined; body: unknown }> {
  const { port } = server.address() as AddressInfo;
  const [answer] = (await once(request({ port, headers, agent: false }).end(), 'response')) as [IncomingMessage];
  return { status: answer.statusCode, body: await json(answer) };
}

test('a program is served', async () => {
  expect(await ask({})).toEqual({ status: 200, body: { served: true } });
});

test.each([
  [421, 'request.misdirected', { host: 'evil.example' }],
  [403, 'request.forbidden', { origin: 'https://evil.example' }],
  [403, 'request.forbidden', { 'sec-fetch-site': 'cross-site' }],
  [403, 'request.forbidden', { origin: 'https://evil.example', connection: 'upgrade', upgrade: 'websocket' }],
])('a page is not: %i %s', async (status, code, headers) => {
  const before = served;
  expect(await ask(headers)).toMatchObject({ status, body: { code, status } });
  expect(served).toBe(before);
});
