import { RedisHostBridges, connectRedis, redisKeys } from '@remuda/redis';
import { systemClock, createLogger } from '@remuda/runtime';
import type { HostBridgeRecord } from '@remuda/domain';
import { expect, test } from 'vitest';
import { keepReported } from '../../../apps/host-bridge/src/report.js';
import { startApi } from '../api/running-api.js';
import { startRedis } from '../redis.js';

test('the api lists the host bridges that report, and no longer those that have ended or fallen silent', async () => {
  const redis = await startRedis();
  const api = await startApi(redis.url);
  const connection = connectRedis(redis.url, { name: 'test' });
  const store = new RedisHostBridges(connection, redisKeys(api.namespace));
  const record: HostBridgeRecord = {
    ...{ name: 'laptop', version: '2.1.332', since: Date.UTC(2026, 10, 1), running: 2, waiting: 1 },
    ...{ clients: ['agent-1'], healthy: true },
  };
  const listed = async (): Promise<unknown> =>
    (JSON.parse((await api.send('GET', '/api/v1/bridges')).text) as { bridges: unknown }).bridges;
  try {
    expect(await listed()).toEqual([]);
    const ending = new AbortController();
    const log = createLogger({ name: 'test', level: 'silent' });
    const reported = keepReported({ to: store, now: () => record, clock: systemClock, log }, ending.signal);
    await expect.poll(listed).toEqual([{ ...record, since: '2026-11-01T00:00:00.000Z' }]);
    ending.abort();
    await reported;
    expect(await listed()).toEqual([]);
    await store.report(record, 50);
    await expect.poll(listed).toEqual([]);
  } finally {
    connection.close();
    await api.close();
    await redis.close();
  }
});
