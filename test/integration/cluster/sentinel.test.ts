import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { connectRaw } from '@remuda/redis/testing';
import { createRedisListener } from '../../../apps/bridge/src/redis/listener.js';
import { whereabouts } from '../../../apps/bridge/src/redis/whereabouts.js';
import { LedEngines } from '../api/led-engine.js';
import { serverPath, startWatchedRedis } from '../sentinel.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

/** One in a small test; `REMUDA_TEST_SENTINELS=3` for a quorum of two. */
const sentinels = Number(process.env['REMUDA_TEST_SENTINELS'] ?? 1);

describe.skipIf(serverPath === undefined)('with sentinels', () => {
  test('the master is killed: jobs go on at the next one, with their workers’ accounts', async () => {
    await using redis = await startWatchedRedis(sentinels);
    const engines = new LedEngines();
    const cluster = await startInProcessCluster({ redisUrl: redis.url, engine: () => engines.make(), schedulers: 2 });
    try {
      const submit = async (): Promise<string> => {
        const id = `j-${randomUUID()}`;
        await cluster.store.submit([{ id, spec: specOf() }]);
        return id;
      };
      const running = await submit();
      const turn = await engines.next();
      const replicated = await cluster.redis.call('WAIT', 1, 2_000);
      expect(replicated).toBe(1);
      const killedAt = Date.now();
      await redis.killMaster();
      turn.say('said to nobody');
      const later = await submit();
      process.stdout.write(`accepted again ${String(Date.now() - killedAt)} ms after the master was killed\n`);
      const next = await engines.next();
      // Both are busy now: a worker that comes is registered before its account, and one that goes is forgotten after it.
      const accounts = await cluster.redis.acl('USERS');
      const workers = (await cluster.pools.workers()).map((worker) => worker.id);
      expect(workers).toHaveLength(2);
      expect(accounts).toEqual(expect.arrayContaining(workers.map((id) => `remuda-${id}`)));
      next.succeed();
      turn.succeed();
      for (const id of [running, later])
        await expect
          .poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000 })
          .toBe('succeeded');
      expect(await cluster.store.find(jobRef(running))).toMatchObject({ attempt: 1, failures: 0, requeues: 0 });
      const [, second] = redis.servers;
      expect(cluster.redis.stream.remotePort).toBe(second);
    } finally {
      await cluster.stop();
    }
  }, 90_000);

  test('the bridge’s listener leads to the master of now', async () => {
    await using redis = await startWatchedRedis(sentinels);
    const own = connectRaw(redis.url, { name: 'test-bridge', whileDown: 'fail' });
    const connections = { inc: () => undefined, dec: () => undefined };
    const listener = createRedisListener(whereabouts(redis.url, own), { connections } as never);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const address = listener.address() as { port: number };
    const worker = connectRaw(`redis://127.0.0.1:${String(address.port)}`, { name: 'test-worker' });
    try {
      await worker.set('before', '1');
      await worker.call('WAIT', 1, 2_000);
      await redis.killMaster();
      await worker.set('after', '2');
      expect(await worker.mget('before', 'after')).toEqual(['1', '2']);
      expect(await worker.info('server')).toContain(`tcp_port:${String(redis.servers[1])}`);
    } finally {
      worker.disconnect();
      own.disconnect();
      listener.close();
    }
  }, 60_000);
});
