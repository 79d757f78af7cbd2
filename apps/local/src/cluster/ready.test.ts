import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { whenReady } from './ready.js';

const never = new Promise<string>(() => undefined);

test('a part is ready when it answers below 500, and not before', async () => {
  const answers = [503, 503, 200];
  const server = createServer((_, response) => response.writeHead(answers.shift() ?? 200).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/health/ready`;
  expect(await whenReady({ url, ended: never, limitMs: 10_000 })).toBeUndefined();
  expect(answers).toEqual([]);
  server.close();
});

test('a part that ends is no longer waited for', async () => {
  expect(await whenReady({ url: 'http://127.0.0.1:1', ended: Promise.resolve('it ended'), limitMs: 60_000 })).toBe(
    'it ended',
  );
});

test('a part that never answers is given up after the limit', async () => {
  expect(await whenReady({ url: 'http://127.0.0.1:1', ended: never, limitMs: 20 })).toMatch(
    /not become ready within 0.02 s/,
  );
});
