import { jobRef } from '@remuda/testing';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { LedEngines } from '../api/led-engine.js';
import { startRedis } from '../redis.js';
import { specOf, startInProcessCluster } from './in-process-cluster.js';

/** How long Redis is away; `REMUDA_TEST_OUTAGE_MS=20000` for an outage of the length that operators fear. */
const outageMs = Number(process.env['REMUDA_TEST_OUTAGE_MS'] ?? 3_000);

test('Redis is killed and comes back with its log: nothing accepted is lost, what runs goes on, and it all resumes at once', async () => {
  await using redis = await startRedis();
  const engines = new LedEngines();
  const recycle = { afterJobs: 1_000, afterMs: 3_600_000, idleMs: 60_000 };
  const cluster = await startInProcessCluster({
    redisUrl: redis.url,
    engine: () => engines.make(),
    schedulers: 2,
    profile: { recycle },
  });
  const submit = async (): Promise<string> => {
    const id = `j-${randomUUID()}`;
    await cluster.store.submit([{ id, spec: specOf({ prompt: id }) }]);
    return id;
  };
  try {
    const running = [await submit(), await submit()];
    const turns = [await engines.next(), await engines.next()];
    // On a busy disk a Redis that writes once a second answers before it has written.
    await cluster.redis.config('SET', 'appendfsync', 'always');
    const waiting = await Promise.all(Array.from({ length: 5 }, submit));
    const pid = Number(/process_id:(\d+)/.exec(await cluster.redis.info('server'))?.[1]);
    process.kill(pid, 'SIGKILL');
    await redis.stop();
    turns[0]!.say('said while nobody could hear it');
    turns[0]!.succeed();
    await new Promise((resolve) => setTimeout(resolve, outageMs));
    await redis.start();
    const backAt = Date.now();
    waiting.push(await submit());
    const acceptedMs = Date.now() - backAt;
    // One worker is free: it gets the first that waited.
    const next = await engines.next();
    const assignedMs = Date.now() - backAt;
    process.stdout.write(
      `Redis away for ${String(outageMs)} ms: accepted ${String(acceptedMs)} ms, assigned ${String(assignedMs)} ms after its return\n`,
    );
    next.succeed();
    turns[1]!.succeed();
    for (let i = 0; i < waiting.length; i++) void engines.next().then((turn) => turn.succeed());
    for (const id of [...running, ...waiting]) {
      await expect
        .poll(async () => (await cluster.store.find(jobRef(id)))?.state, { timeout: 20_000 })
        .toBe('succeeded');
      expect(await cluster.store.find(jobRef(id))).toMatchObject({ attempt: 1, failures: 0, requeues: 0 });
    }
    // Which of the two began first is chance.
    const page = await cluster.events.page(jobRef(turns[0]!.turn.prompt), 0, 100);
    expect(page.events.map((event) => event.type)).toEqual(['job.queued', 'job.assigned', 'message.text', 'job.over']);
    const accounts = await cluster.redis.acl('USERS');
    for (const { id } of await cluster.pools.workers()) expect(accounts).toContain(`remuda-${id}`);
    // A third of a second where the machine has time; with the pauses of BullMQ's own it would be up to 20 s.
    expect(acceptedMs).toBeLessThan(5_000);
    expect(assignedMs).toBeLessThan(5_000);
  } finally {
    await cluster.stop();
  }
}, 90_000);
