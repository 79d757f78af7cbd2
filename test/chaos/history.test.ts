import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { TurnEnd } from '@remuda/domain';
import { noUsage } from '@remuda/domain';
import { InstantEngine, jobRef } from '@remuda/testing';
import { expect, test } from 'vitest';
import { freePort } from '../../apps/local/dist/cluster/free-port.js';
import { startProcess, type KeptProcess } from '../../apps/local/dist/cluster/kept-process.js';
import { openStore } from '../contract/store/open-store.js';
import { specOf, startInProcessCluster } from '../integration/cluster/in-process-cluster.js';
import { hasPostgres, startPostgres } from '../integration/postgres.js';
import { sized } from '../proof-size.js';
import { RedisServer } from './src/redis-server.js';

const jobs = sized({ small: 60, whole: 500 });
const api = join(import.meta.dirname, '../../apps/api/dist/main.js');

/** Says some texts, a moment after each other. */
const talkative = (): InstantEngine =>
  new InstantEngine(async (turn, onEvent): Promise<TurnEnd> => {
    for (let i = 0; i < 5; i++) {
      onEvent({ type: 'message.text', at: Date.now(), data: { text: `${turn.prompt} ${i}` } });
      await setTimeout(5);
    }
    return { kind: 'succeeded', result: { text: `done: ${turn.prompt}`, turns: 1, usage: noUsage, costUsd: 0.01 } };
  });

/** Redis writes its file before each answer, so that what it says to have is there after it was killed. */
test.skipIf(!hasPostgres)(
  'projector, Redis and PostgreSQL are killed; then the archive equals the event logs, event for event',
  { timeout: 1_200_000 },
  async () => {
    const undo: (() => Promise<unknown>)[] = [];
    try {
      await prove((step) => undo.unshift(step));
    } finally {
      for (const step of undo) await step();
    }
  },
);

/** `defer` takes what ends something, the latest first. */
async function prove(defer: (step: () => Promise<unknown>) => unknown): Promise<void> {
  const dir = await mkdtemp('/tmp/remuda-history-');
  await mkdir(join(dir, 'logs'));
  defer(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  const redis = await RedisServer.start(dir, 'always');
  defer(() => redis.stop());
  const postgres = await startPostgres();
  defer(() => postgres.close());
  const url = await postgres.database();
  const namespace = `history-${randomBytes(4).toString('hex')}`;
  const cluster = await startInProcessCluster({ redisUrl: redis.url, namespace, engine: talkative });
  defer(() => cluster.stop());

  let starts = 0;
  const startProjector = async (): Promise<KeptProcess> =>
    startProcess({
      ...{ name: 'api', run: { app: api }, log: join(dir, 'logs', `api.${++starts}.log`) },
      env: {
        ...{ REMUDA_REDIS_URL: redis.url, REMUDA_NAMESPACE: namespace, REMUDA_DATABASE_URL: url },
        ...{ REMUDA_API_PORT: String(await freePort()) },
      },
    });
  const projectors = [await startProjector(), await startProjector()];
  defer(() => Promise.all(projectors.map((one) => one.stop(5_000))));

  const ids = Array.from({ length: jobs }, (_, i) => `j-${i}`);
  const submitted = (async () => {
    for (const id of ids) {
      const job = { id, spec: specOf({ prompt: `say ${id}`, labels: { nth: id } }) };
      // sent again after its answer was lost it changes nothing
      while (
        !(await cluster.store.submit([job]).then(
          () => true,
          () => false,
        ))
      );
      await setTimeout(10);
    }
  })();
  const over = async (): Promise<number> => cluster.redis.zcard(cluster.keys.over);
  const kills = { projector: 0, redis: 0, postgres: 0 };
  const rounds = [
    async () => {
      const victim = kills.projector++ % 2;
      process.kill(projectors[victim]?.pid ?? 0, 'SIGKILL');
      await projectors[victim]?.ended;
      projectors[victim] = await startProjector();
    },
    async () => {
      kills.redis++;
      await redis.kill();
    },
    async () => {
      kills.postgres++;
      await postgres.kill();
      await setTimeout(500);
      await postgres.start();
    },
  ];
  for (let round = 0; round < 6 || (await over()) < jobs / 2; round++) {
    await rounds[round % 3]?.();
    await setTimeout(1_000);
  }
  await submitted;
  await expect.poll(over, { timeout: 600_000, interval: 500 }).toBe(jobs);
  const archived = async (): Promise<number> => {
    const marks = await Promise.all(ids.map((id) => cluster.redis.hmget(cluster.keys.job(id), 'seq', 'archived')));
    return marks.filter(([seq, mark]) => seq === mark).length;
  };
  await expect.poll(archived, { timeout: 300_000, interval: 500 }).toBe(jobs);

  const store = await openStore({ url });
  defer(() => store.close());
  let events = 0;
  for (const id of ids) {
    const logged = await cluster.events.page(jobRef(id), 0, 10_000);
    const kept = await store.archive.events(jobRef(id), 0, 10_000);
    expect(kept.events).toEqual(logged.events);
    expect(await store.archive.find(jobRef(id))).toEqual(await cluster.store.find(jobRef(id)));
    expect(await store.archive.result(jobRef(id))).toEqual(await cluster.store.result(jobRef(id)));
    events += kept.events.length;
  }
  expect(await postgres.run(url, 'select count(*)::int as n from jobs')).toEqual([{ n: jobs }]);
  process.stdout.write(`history: ${jobs} jobs, ${events} events, killed ${JSON.stringify(kills)}\n`);
  const refused = await readFile(join(dir, 'logs', `api.${starts}.log`), 'utf8');
  expect(refused).not.toContain('the database refused a job');
}
