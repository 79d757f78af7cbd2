import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { decodeReports } from '@remuda/protocol';
import { WorkerAccess, RedisWorkerLine, WorkerRegistry, redisKeys } from '@remuda/redis';
import { connectRaw } from '@remuda/redis/testing';
import { InstantEngine } from '@remuda/testing';
import { startRedis, type TestRedis } from '../redis.js';
import { startInProcessCluster } from './in-process-cluster.js';

const keys = redisKeys('busy');
const busy = new Error('BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.');
const heartbeat = (rssMb: number) => ({ kind: 'heartbeat', phase: 'idle', rssMb }) as const;

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(async () => {
  await redis.close();
});

test('what a worker says while a script blocks Redis is there afterwards, before what it says later', async () => {
  const admin = connectRaw(redis.url, { name: 'admin' });
  const blocker = connectRaw(redis.url, { name: 'blocker' });
  const line = new RedisWorkerLine(() => connectRaw(redis.url, { name: 'w-1' }), keys, 'w-1');
  try {
    await admin.config('SET', 'busy-reply-threshold', 1);
    await line.say(heartbeat(0));
    const blocked = blocker.eval('while true do end', 0).catch((error: unknown) => error);
    await expect.poll(() => admin.ping().catch((error: unknown) => String(error))).toMatch(/BUSY/);
    const first = line.say(heartbeat(1));
    // it is refused at once, and would be sent again 200 ms later
    await new Promise((resolve) => setTimeout(resolve, 50));
    await admin.script('KILL');
    await blocked;
    await Promise.all([first, line.say(heartbeat(2))]);
    const entries = await admin.xrange(keys.workerOut('w-1'), '-', '+');
    expect(entries.flatMap(([, fields]) => decodeReports(fields[1] ?? ''))).toEqual([0, 1, 2].map(heartbeat));
  } finally {
    await line.close();
    blocker.disconnect();
    admin.disconnect();
  }
});

test('a start that failed half-way because Redis was busy does not keep its place in the pool', async () => {
  vi.spyOn(WorkerAccess.prototype, 'grant').mockRejectedValueOnce(busy).mockRejectedValueOnce(busy);
  vi.spyOn(WorkerRegistry.prototype, 'own').mockRejectedValueOnce(busy).mockRejectedValueOnce(busy);
  const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => new InstantEngine() });
  try {
    const idle = async () => (await cluster.pools.pools())[0]?.workers.idle;
    await expect.poll(idle, { timeout: 8_000, interval: 50 }).toBe(2);
  } finally {
    await cluster.stop();
  }
});
