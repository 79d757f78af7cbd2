import { randomUUID } from 'node:crypto';
import { RedisJobStore, redisKeys, type RedisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { spreadOf, type Figure, type Line } from '../figure.js';
import { startSchedulerAndWorkers, until } from '../parts/cluster.js';
import type { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { modestPrompt } from './modest.js';

const jobs = 400;
const workers = 50;
const namespace = 'bench';

/** What a job that is over holds at Redis. */
export const footprint: Line = {
  name: 'footprint',
  about: 'what Redis holds of a modest job that is over, until it is forgotten',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'watch' });
    const crew: Member[] = [];
    try {
      await startSchedulerAndWorkers({ url: redis.url, namespace, workers }, watch, crew);
      const keys = redisKeys(namespace);
      await runJobs(watch, keys, workers);
      const before = await dataset(watch);
      const ids = await runJobs(watch, keys, jobs);
      const whole = ((await dataset(watch)) - before) / jobs;
      return {
        figures: [
          { what: 'memory for each job', value: spreadOf([whole / 1_024]), unit: 'KB', target: { atMost: 32 } },
          ...(await partsOf(watch, keys, ids)),
        ],
        notes: [
          `${String(jobs)} jobs of 15 rounds: 200 characters of text, a tool call of 150 and 600 that come back; a prompt and a result of 1,000. The first figure is what used_memory_dataset grew by, the others what Redis says of single keys (MEMORY USAGE).`,
        ],
      };
    } finally {
      await Promise.all(crew.map((member) => member.end()));
      watch.disconnect();
    }
  },
};

/** Submits jobs and resolves when they are over; gives their ids. */
async function runJobs(redis: RawConnection, keys: RedisKeys, count: number): Promise<readonly string[]> {
  const store = new RedisJobStore(redis, keys, systemClock);
  const ids = Array.from({ length: count }, () => `j-${randomUUID()}`);
  const before = await redis.zcard(keys.over);
  for (const id of ids)
    await store.submit([
      {
        id,
        spec: {
          ...{ prompt: modestPrompt, profile: 'default', workspace: { kind: 'empty' }, priority: 5 },
          ...{ timeoutMs: 60_000, attempts: 3, deltas: false, labels: { team: 'all' }, metadata: {} },
        },
      },
    ]);
  await until(async () => (await redis.zcard(keys.over)) - before >= count);
  return ids;
}

async function dataset(redis: RawConnection): Promise<number> {
  return Number(/used_memory_dataset:(\d+)/.exec(await redis.info('memory'))?.[1]);
}

/** What the keys of a job take, one figure for each kind. */
async function partsOf(redis: RawConnection, keys: RedisKeys, ids: readonly string[]): Promise<readonly Figure[]> {
  const kinds: Readonly<Record<string, (id: string) => string>> = {
    record: (id) => keys.job(id),
    prompt: (id) => keys.prompt(id),
    events: (id) => keys.events(id),
    result: (id) => keys.result(id),
    'what the bridge counted': (id) => keys.model(id),
    "BullMQ's shell": (id) => keys.placed('default', id),
  };
  return Promise.all(
    Object.entries(kinds).map(async ([what, keyOf]): Promise<Figure> => {
      const bytes = await Promise.all(ids.map((id) => redis.memory('USAGE', keyOf(id), 'SAMPLES', 0)));
      return { what, value: spreadOf(bytes.map((each) => (each ?? 0) / 1_024)), unit: 'KB' };
    }),
  );
}
