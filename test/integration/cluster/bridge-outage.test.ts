import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bridgeSockets } from '@remuda/protocol';
import { createRedisListener } from '../../../apps/bridge/src/redis/listener.js';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

/** How long the bridge is away: three times what a worker's silence may last where words could come. */
const awayMs = 20_000;

/** The bridge's own Redis listener, which a test can take away and bring back. */
async function openListener(dir: string, port: number) {
  const lines = new Set<Socket>();
  const uncounted = { inc: () => undefined, dec: () => undefined };
  let server: Server | undefined;
  const open = async (): Promise<void> => {
    const listener = createRedisListener({ now: () => ({ host: '127.0.0.1', port, tls: false }) }, {
      connections: uncounted,
    } as unknown as Parameters<typeof createRedisListener>[1]);
    listener.on('connection', (line) => lines.add(line.once('close', () => lines.delete(line))));
    server = listener.listen(join(dir, bridgeSockets.redis));
    await once(server, 'listening');
  };
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server?.close(resolve));
    for (const line of lines) line.destroy();
    await closed;
  };
  await open();
  return { open, close };
}

test('a bridge that is away for 20 s loses no worker, and no prompt runs again', async () => {
  await using redis = await startRedis();
  const bridgeDir = await mkdtemp(join(tmpdir(), 'remuda-listener-'));
  const listener = await openListener(bridgeDir, redis.port);
  const engines = new LedEngines();
  const recycle = { afterJobs: 1_000, afterMs: 3_600_000, idleMs: 60_000 };
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    engine: () => engines.make(),
    profile: { pool: { warm: 3, max: 3 }, recycle },
    bridgeDir,
  });
  const submit = async (): Promise<string> => {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf({ prompt: id }) }]);
    return id;
  };
  const workers = async (): Promise<string[]> => (await cluster.pools.workers()).map(({ id }) => id).sort();
  const idle = async (): Promise<number> =>
    (await cluster.pools.workers()).filter(({ phase }) => phase === 'idle').length;
  try {
    await expect.poll(idle, { timeout: 20_000 }).toBe(3);
    const before = await workers();
    const jobs = [await submit(), await submit()];
    const turns = [await engines.next(), await engines.next()];
    await listener.close();
    turns[0]!.say('said while nobody could hear it');
    turns[0]!.succeed();
    await new Promise((resolve) => setTimeout(resolve, awayMs));
    jobs.push(await submit());
    await listener.open();
    (await engines.next()).succeed();
    turns[1]!.succeed();
    for (const id of jobs) {
      await expect
        .poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000 })
        .toBe('succeeded');
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ attempt: 1, failures: 0, requeues: 0 });
    }
    expect(await workers()).toEqual(before);
  } finally {
    await cluster.stop();
    await listener.close();
    await rm(bridgeDir, { recursive: true, force: true });
  }
}, 120_000);
