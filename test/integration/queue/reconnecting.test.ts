import { setImmediate as turnOver } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connectRedis, type RedisConnection } from '@remuda/queue';
import { startRedis, type TestRedis } from '../redis.js';

let server: TestRedis;
let redis: RedisConnection;
beforeEach(async () => {
  server = await startRedis();
  redis = connectRedis(server.url, { name: 'test' });
  await redis.ping();
});
afterEach(async () => {
  redis.disconnect();
  await server.close();
});

const script = { numberOfKeys: 0, lua: `return 'of the script'` };
type WithScript = RedisConnection & { readonly ofScript: () => Promise<string> };

test('commands and scripts that wait while Redis is away get their own answers when it is back', async () => {
  await server.stop();
  const sent = redis.ping();
  await turnOver();
  const waiting = [redis.get('nothing')];
  redis.defineCommand('ofScript', script);
  waiting.push((redis as WithScript).ofScript(), redis.get('nothing'));
  await server.start();
  expect(await sent).toBe('PONG');
  expect(await Promise.all(waiting)).toEqual([null, 'of the script', null]);
});

test('a connection that BullMQ opens beside another one says nothing of an outage on stderr', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const beside = redis.duplicate();
  try {
    await beside.ping();
    const lost = new Promise((resolve) => beside.once('reconnecting', resolve));
    await server.stop();
    await lost;
    await new Promise((resolve) => beside.once('reconnecting', resolve));
    expect(said).not.toHaveBeenCalled();
  } finally {
    beside.disconnect();
    said.mockRestore();
  }
});
