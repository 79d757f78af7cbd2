import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { spreadOf, type Line } from '../figure.js';
import { part, startSchedulerAndWorkers, until } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { cpuOf } from '../parts/redis-cpu.js';
import type { Batch } from '../throughput/windowed.js';
import { passOfJobs } from './pass.js';

const rounds = 5;
const workers = 20;
const namespace = 'bench';
const batch: Batch = { jobs: 2_000, atOnce: 64, promptBytes: 200 };

/** What leases and run records cost. */
export const bookkeeping: Line = {
  name: 'bookkeeping',
  about: 'leases and run records: their part of what a job of `throughput` costs Redis, which limits its jobs/s',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'watch' });
    const crew: Member[] = [];
    try {
      const whole = await costOfJobs(redis.url, watch, crew);
      await Promise.all(crew.splice(0).map((member) => member.end()));
      const kept: number[] = [];
      const plain: number[] = [];
      await passOfJobs(redis.url, watch, 'kept');
      for (let round = 0; round < rounds; round++) {
        kept.push(await passOfJobs(redis.url, watch, 'kept'));
        plain.push(await passOfJobs(redis.url, watch, 'without'));
      }
      const cost = kept.map((us, round) => us - (plain[round] ?? NaN));
      return {
        figures: [
          {
            what: 'bookkeeping / all that a job costs Redis',
            value: spreadOf(cost.map((us, round) => us / (whole[round] ?? NaN))),
            unit: 'x',
            target: { atMost: 0.1 },
          },
          { what: 'assign and settle, with leases', value: spreadOf(kept), unit: 'µs' },
          { what: 'assign and settle, without', value: spreadOf(plain), unit: 'µs' },
          { what: 'all that a job costs Redis', value: spreadOf(whole), unit: 'µs' },
        ],
        notes: [
          "The two scripts that make and end a lease run by turns as they are and without what they do for leases and run records: checks, lease token, lock, worker's record, cursor, fencing. Their time is Redis' own account of it; all that a job costs is CPU time of Redis in rounds like those of `throughput`.",
        ],
      };
    } finally {
      await Promise.all(crew.map((member) => member.end()));
      watch.disconnect();
    }
  },
};

/** CPU time of Redis for one job from submission to outcome, in µs, round by round. */
async function costOfJobs(url: string, watch: RawConnection, crew: Member[]): Promise<readonly number[]> {
  await startSchedulerAndWorkers({ url, namespace, workers }, watch, crew);
  const producer = Member.start(part('../throughput/ours-producer'), [url, namespace]);
  crew.push(producer);
  const keys = redisKeys(namespace);
  const finished = `${keys.bull}:${keys.jobQueue('default')}:completed`;
  const costs: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    await watch.del(finished);
    const before = await cpuOf(watch);
    const submitted = producer.ask(batch);
    await until(async () => (await watch.zcard(finished)) >= batch.jobs);
    await submitted;
    costs.push(((await cpuOf(watch)) - before) / batch.jobs);
  }
  return costs.slice(1);
}
