import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { connectRaw } from '@remuda/redis/testing';
import { expect, test } from 'vitest';
import { runBridge } from './running-bridge.js';

const line = (path: string) => connectRaw(`redis+unix://${path}`, { name: 'worker', whileDown: 'fail' });

test('a worker uses Redis through the listener, as its own user', async () => {
  await using run = await runBridge();
  const admin = connectRaw(run.redis.url, { name: 'admin' });
  await admin.call('ACL', 'SETUSER', 'w-1', 'on', '>pw', '~wk:w-1:*', '+@all');
  const path = run.bridge.addresses.redis;
  const worker = connectRaw(`redis+unix://w-1:pw@localhost${path}`, { name: 'worker' });
  const big = 'x'.repeat(5_000_000);
  await worker.set('wk:w-1:a', big);
  expect(await worker.get('wk:w-1:a')).toBe(big);
  await expect(worker.get('other')).rejects.toThrow('NOPERM');
  worker.disconnect();
  admin.disconnect();
});

test('both ends go together', async () => {
  await using run = await runBridge();
  const watcher = connectRaw(run.redis.url, { name: 'watcher' });
  const near = connect(run.bridge.addresses.redis);
  near.write('CLIENT SETNAME through-the-listener\r\n');
  await once(near, 'data');
  const names = async (): Promise<string> => String(await watcher.call('CLIENT', 'LIST'));
  expect(await names()).toContain('through-the-listener');
  near.destroy();
  await expect.poll(names).not.toContain('through-the-listener');
  const other = connect(run.bridge.addresses.redis);
  other.write('PING\r\n');
  await once(other, 'data');
  const closed = once(other, 'close');
  await run.redis.stop();
  await closed;
  watcher.disconnect();
});

test('while Redis is down the listener closes at once, and it serves again after', async () => {
  await using run = await runBridge();
  await run.redis.stop();
  const refused = connect(run.bridge.addresses.redis);
  await once(
    refused.on('error', () => undefined),
    'close',
  );
  await run.redis.start();
  const client = line(run.bridge.addresses.redis);
  await expect.poll(() => client.ping().catch(String)).toBe('PONG');
  client.disconnect();
});

test('the sockets let in whom they should', async () => {
  await using run = await runBridge();
  const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);
  const { model, git, redis } = run.bridge.addresses;
  expect([mode(model), mode(git), mode(redis)]).toEqual(['666', '666', process.getuid?.() === 0 ? '600' : '666']);
  expect(mode(`${run.folder}/s`)).toBe('755');
});
