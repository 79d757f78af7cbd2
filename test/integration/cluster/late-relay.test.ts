import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, expect, test, vi } from 'vitest';
import { Relay } from '@remuda/redis';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

afterEach(() => {
  vi.restoreAllMocks();
});

/** A way to a Redis on which answers can be held up. */
async function openSlowWay(port: number) {
  const ends = new Set<Socket>();
  let held: (() => void)[] | undefined;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const end of [near, far]) ends.add(end.on('error', () => undefined).once('close', () => ends.delete(end)));
    near.pipe(far).on('data', (answer: Buffer) => {
      if (held) held.push(() => near.write(answer));
      else near.write(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    hold: () => void (held = []),
    letGo: () => {
      const answers = held ?? [];
      held = undefined;
      for (const answer of answers) answer();
    },
    close: () => {
      for (const end of ends) end.destroy();
      server.close();
    },
  };
}

test('workers whose reports are there, and were not read for longer than a silence may last, are not lost', async () => {
  await using redis = await startRedis();
  const way = await openSlowWay(redis.port);
  const lags = vi.spyOn(Relay.prototype, 'lags');
  const engines = new LedEngines();
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    redisUrlOf: (name) => (name === 'scheduler-relay' ? way.url : redis.url),
    engine: () => engines.make(),
    profile: { pool: { warm: 2, max: 2 }, recycle: { afterJobs: 100, afterMs: 3_600_000, idleMs: 3_600_000 } },
  });
  const id = `j-${randomUUID()}`;
  const workers = async (): Promise<string[]> => (await cluster.pools.workers()).map((worker) => worker.id).sort();
  const idle = async (): Promise<number> =>
    (await cluster.pools.workers()).filter(({ phase }) => phase === 'idle').length;
  try {
    await expect.poll(idle, { timeout: 20_000 }).toBe(2);
    const before = await workers();
    await cluster.store.submit([{ id, spec: specOf() }]);
    const turn = await engines.next();
    way.hold();
    turn.say('said while nobody reads it');
    turn.succeed();
    // Twice each: being late once excuses for six seconds.
    const told = (worker: string): number => lags.mock.calls.filter(([asked]) => asked === worker).length;
    await expect.poll(() => before.every((worker) => told(worker) >= 2), { timeout: 40_000 }).toBe(true);
    expect(await workers()).toEqual(before);
    way.letGo();
    await expect.poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000 }).toBe('succeeded');
    expect(await cluster.store.find(jobRef(id))).toMatchObject({ attempt: 1, failures: 0, requeues: 0 });
    expect(await workers()).toEqual(before);
  } finally {
    way.letGo();
    await cluster.stop();
    way.close();
  }
}, 90_000);
