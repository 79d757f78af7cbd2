import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';
import type { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { cpuOf } from '../parts/redis-cpu.js';
import { complete, sideNames, startSides, workers, type Side, type SideName } from './sides.js';
import type { Batch } from './windowed.js';

const rounds = 5;
/** Fewer than BullMQ keeps of finished jobs, so that these can be counted. */
const batch: Batch = { jobs: 3_000, atOnce: 64, promptBytes: 200 };

interface Rate {
  readonly perSecond: number;
  /** CPU time of Redis for one job. */
  readonly redisUs: number;
}

type Rates = Readonly<Record<SideName, Rate[]>>;

/** Jobs per second. */
export const throughput: Line = {
  name: 'throughput',
  about: `jobs/s, API-less submit -> scheduler -> ${workers} workers with a no-op engine -> outcome, against a bare BullMQ consumer`,
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'watch' });
    const crew: Member[] = [];
    try {
      const sides = await startSides(redis.url, watch, crew);
      for (const name of sideNames) await measure(sides[name], watch);
      const rates: Rates = { ours: [], bare: [], hops: [] };
      for (let round = 0; round < rounds; round++)
        for (const name of sideNames) rates[name].push(await measure(sides[name], watch));
      return report(rates);
    } finally {
      await Promise.all(crew.map((member) => member.end()));
      watch.disconnect();
    }
  },
};

async function measure(side: Side, watch: RawConnection): Promise<Rate> {
  const cpuBefore = await cpuOf(watch);
  const ms = await complete(side, batch, watch);
  const redisUs = ((await cpuOf(watch)) - cpuBefore) / batch.jobs;
  return { perSecond: (batch.jobs / ms) * 1_000, redisUs };
}

function report({ ours, bare, hops }: Rates): LineReport {
  const rate = (all: readonly Rate[]): number[] => all.map((each) => each.perSecond);
  const cpu = (all: readonly Rate[]): number[] => all.map((each) => each.redisUs);
  return {
    figures: [
      { what: 'ours / bare, jobs/s', value: ratioOf(rate(ours), rate(bare)), unit: 'x', target: { atLeast: 0.25 } },
      { what: 'two hops of BullMQ and nothing else / bare, jobs/s', value: ratioOf(rate(hops), rate(bare)), unit: 'x' },
      { what: 'ours', value: spreadOf(rate(ours)), unit: '/s' },
      { what: 'two hops', value: spreadOf(rate(hops)), unit: '/s' },
      { what: 'bare', value: spreadOf(rate(bare)), unit: '/s' },
      { what: 'ours / bare, Redis CPU for one job', value: ratioOf(cpu(ours), cpu(bare)), unit: 'x' },
      { what: 'Redis CPU for one job, ours', value: spreadOf(cpu(ours)), unit: 'µs' },
      { what: 'Redis CPU for one job, two hops', value: spreadOf(cpu(hops)), unit: 'µs' },
      { what: 'Redis CPU for one job, bare', value: spreadOf(cpu(bare)), unit: 'µs' },
    ],
    notes: [
      `${batch.jobs} jobs a round with prompts of ${batch.promptBytes} bytes, ${batch.atOnce} submissions under way at once; producer, scheduler and all workers in a process each, on the bare side producer and consumers; one Redis for both.`,
      'Ours writes record, events, grant and result of each job, keeps an account at Redis for each worker, and holds every job until its outcome is recorded; the others do none of that.',
      'Two hops: a scheduler takes each job from one BullMQ queue, adds it to the queue of a free worker, and ends it when that has said that it is over.',
    ],
  };
}
