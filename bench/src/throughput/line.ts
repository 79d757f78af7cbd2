import { join } from 'node:path';
import { redisKeys } from '@remuda/redis';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';
import { startSchedulerAndWorkers, until } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { cpuOf } from '../parts/redis-cpu.js';
import { bareQueue } from './bare.js';
import { firstQueue } from './hops.js';
import type { Batch } from './windowed.js';

const rounds = 5;
const workers = 20;
const namespace = 'bench';
/** Fewer than BullMQ keeps of finished jobs, so that these can be counted. */
const batch: Batch = { jobs: 3_000, atOnce: 64, promptBytes: 200 };

interface Rate {
  readonly perSecond: number;
  /** CPU time of Redis for one job. */
  readonly redisUs: number;
}

type Rates = Readonly<Record<'ours' | 'bare' | 'hops', Rate[]>>;

/** One side of the comparison. */
interface Side {
  readonly producer: Member;
  /** Sorted set of the jobs that are over. */
  readonly finished: string;
}

/** Jobs per second. */
export const throughput: Line = {
  name: 'throughput',
  about: `jobs/s, API-less submit -> scheduler -> ${workers} workers with a no-op engine -> outcome, against a bare BullMQ consumer`,
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'watch' });
    const crew: Member[] = [];
    try {
      const ours = await startOurs(redis.url, watch, crew);
      const bare = await startBare(redis.url, crew);
      const hops = await startHops(redis.url, crew);
      for (const side of [ours, bare, hops]) await measure(side, watch);
      const rates: Rates = { ours: [], bare: [], hops: [] };
      for (let round = 0; round < rounds; round++) {
        rates.ours.push(await measure(ours, watch));
        rates.bare.push(await measure(bare, watch));
        rates.hops.push(await measure(hops, watch));
      }
      return report(rates);
    } finally {
      await Promise.all(crew.map((member) => member.end()));
      watch.disconnect();
    }
  },
};

const program = (name: string): string => join(import.meta.dirname, `${name}.js`);

async function startOurs(url: string, watch: RawConnection, crew: Member[]): Promise<Side> {
  await startSchedulerAndWorkers({ url, namespace, workers }, watch, crew);
  const producer = Member.start(program('ours-producer'), [url, namespace]);
  crew.push(producer);
  const keys = redisKeys(namespace);
  return { producer, finished: `${keys.bull}:${keys.jobQueue('default')}:completed` };
}

async function startBare(url: string, crew: Member[]): Promise<Side> {
  const prefix = '{bare}';
  const consumers = Member.start(program('bare-workers'), [url, prefix, String(workers)]);
  const producer = Member.start(program('bare-producer'), [url, prefix, bareQueue]);
  crew.push(consumers, producer);
  await consumers.ask({});
  return { producer, finished: `${prefix}:${bareQueue}:completed` };
}

/** What is left of ours where nothing is recorded: what two hops cost, whoever makes them. */
async function startHops(url: string, crew: Member[]): Promise<Side> {
  const prefix = '{hops}';
  const args = [url, prefix, String(workers)];
  const members = [Member.start(program('hops-workers'), args), Member.start(program('hops-scheduler'), args)];
  const producer = Member.start(program('bare-producer'), [url, prefix, firstQueue]);
  crew.push(...members, producer);
  for (const member of members) await member.ask({});
  return { producer, finished: `${prefix}:${firstQueue}:completed` };
}

/** Submits a batch and waits until all of it is over. */
async function measure({ producer, finished }: Side, watch: RawConnection): Promise<Rate> {
  await watch.del(finished);
  const cpuBefore = await cpuOf(watch);
  const began = performance.now();
  const submitted = producer.ask(batch);
  await until(async () => (await watch.zcard(finished)) >= batch.jobs);
  const ms = performance.now() - began;
  await submitted;
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
