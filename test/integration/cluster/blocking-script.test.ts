import { expect, test } from 'vitest';
import { connectRaw } from '@remuda/redis/testing';
import { InstantEngine } from '@remuda/testing';
import { startRedis } from '../redis.js';
import { startInProcessCluster } from './in-process-cluster.js';

test('a script without end is ended, whoever runs it, and Redis goes on', async () => {
  await using redis = await startRedis();
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine() });
  const evil = connectRaw(redis.url, { name: 'evil' });
  try {
    await expect(evil.eval('while true do end', 0)).rejects.toThrow(/killed by user/i);
    await expect.poll(() => cluster.redis.ping().catch(() => 'busy'), { timeout: 5_000 }).toBe('PONG');
  } finally {
    evil.disconnect();
    await cluster.stop();
  }
});
