import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRedis } from '../redis.js';
import type { TestRedis } from '../redis.js';
import { startApi } from './running-api.js';
import type { RunningApi } from './running-api.js';

let redis: TestRedis;
let api: RunningApi;
beforeAll(async () => {
  redis = await startRedis();
  const env = {
    REMUDA_API_HOST: '0.0.0.0',
    REMUDA_API_HOSTS: 'remuda.example.com',
    REMUDA_ALLOW_NO_TOKENS: '1',
    REMUDA_BOARD_WRITABLE: '1',
  };
  api = await startApi(redis.url, { env, listen: '0.0.0.0' });
});
afterAll(async () => {
  await api.close();
  await redis.close();
});

/** Sends bytes as they are, to one of this machine's addresses. */
async function raw(bytes: string, address = '127.0.0.1'): Promise<string> {
  const socket = connect(Number(new URL(api.url).port), address);
  socket.write(bytes);
  return text(socket);
}

const ask = (method: string, path: string, headers: string, address?: string): Promise<string> =>
  raw(`${method} ${path} HTTP/1.1\r\n${headers}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, address);

/** All that there is at the api's port, known to NestJS or not. */
const everywhere: readonly [method: string, path: string][] = [
  ['POST', '/api/v1/pools/pause'],
  ['POST', '/api/v1/jobs'],
  ['GET', '/api/v1/jobs'],
  ['GET', '/api/v1/jobs/j-1/events'],
  ['GET', '/api/v1/stream'],
  ['GET', '/admin/queues'],
  ['GET', '/admin/queues/api/queues'],
  ['PUT', '/admin/queues/api/queues/jobs.default/pause'],
  ['GET', '/api/docs'],
  ['GET', '/api/docs-json'],
  ['GET', '/metrics'],
  ['GET', '/health/ready'],
  ['OPTIONS', '/api/v1/jobs'],
  ['GET', '/nowhere'],
];

describe('whoever asks is looked at before the route', () => {
  test.each(everywhere)('%s %s', async (method, path) => {
    expect(await ask(method, path, 'host: evil.example')).toMatch(/^HTTP\/1\.1 421 .*"code":"request\.misdirected"/s);
    const page = await ask(method, path, 'host: localhost\r\norigin: https://evil.example');
    expect(page).toMatch(/^HTTP\/1\.1 403 .*"code":"request\.forbidden"/s);
    expect(page).not.toMatch(/access-control-allow/i);
  });
});

test('a pause by a page has paused nothing', async () => {
  const { json } = await api.send('GET', '/api/v1/pools');
  expect(json.pools).toMatchObject([{ halts: [] }]);
});

test.each(['localhost:1', '127.0.0.1', '[::1]', 'remuda.example.com', 'REMUDA.example.com:8443'])(
  'a program that asks for %s is answered',
  async (host) => {
    expect(await ask('GET', '/health/live', `host: ${host}`)).toMatch(/^HTTP\/1\.1 200 /);
  },
);

const outward = Object.values(networkInterfaces())
  .flat()
  .find((at) => at?.family === 'IPv4' && !at.internal)?.address;

test.skipIf(outward === undefined)(
  'a probe by the address of the machine or pod is answered there, and nowhere else',
  async () => {
    const { port } = new URL(api.url);
    expect(await ask('GET', '/metrics', `host: ${outward}:${port}`, outward)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await ask('GET', '/metrics', `host: ${outward}:${port}`)).toMatch(/^HTTP\/1\.1 421 /);
  },
);

test('a WebSocket handshake that is none is request.malformed', async () => {
  const upgrade = 'host: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 7';
  const answer = await raw(`GET /api/v1/stream HTTP/1.1\r\n${upgrade}\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"request\.malformed"/s);
});

test('a request without a Host is request.malformed in HTTP/1.1, and as it should be in HTTP/1.0', async () => {
  const answer = await raw('GET /health/live HTTP/1.1\r\nconnection: close\r\n\r\n');
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*content-type: application\/problem\+json.*"code":"request\.malformed"/s);
  expect(await raw('GET /health/live HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /);
});
