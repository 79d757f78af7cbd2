import { setTimeout } from 'node:timers/promises';
import { RedisApiKeys, RedisAuditLog, RedisRevocations, RedisTickets, connectRedis, redisKeys } from '@remuda/redis';
import { afterAll, beforeAll } from 'vitest';
import { startRedis, type TestRedis } from '../../integration/redis.js';
import { identityContract } from './identity.contract.js';

let server: TestRedis;
let runs = 0;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.close());

identityContract('The one in Redis', () => {
  const keys = redisKeys(`identity-${String(++runs)}`);
  const connection = connectRedis(server.url, { name: 'test' });
  const revocations = new RedisRevocations(connectRedis(server.url, { name: 'test-news' }), keys);
  return Promise.resolve({
    keys: new RedisApiKeys(connection, keys),
    revocations,
    tickets: new RedisTickets(connection, keys),
    audit: new RedisAuditLog(connection, keys),
    // Redis' own clock cannot be moved.
    pass: (ms) => setTimeout(ms),
    close: () => {
      revocations.close();
      connection.close();
      return Promise.resolve();
    },
  });
});
