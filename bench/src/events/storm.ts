import { join } from 'node:path';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import type { Stage } from '../figure.js';
import { part, startSchedulerAndWorkers } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { cpuOf } from '../parts/redis-cpu.js';
import type { ClientPlan, Seen } from './clients.js';
import { eventsIn, type Talk } from './talk.js';

/** Workers without an agent that all talk at once. */
export interface Storm {
  readonly jobs: number;
  readonly talk: Talk;
  readonly rounds: number;
}

/** What the rounds came to. Redis's CPU is in µs for one event. */
export interface StormMeasured {
  readonly seen: readonly Seen[];
  /** With SSE clients. */
  readonly followed: readonly number[];
  /** Without clients: the workers' streams and the relay. */
  readonly ours: readonly number[];
  /** Each event by one XADD and nothing else. */
  readonly each: readonly number[];
}

const namespace = 'bench';

/**
 * Has the workers talk to SSE clients, to see that nothing is lost and how late it comes; without clients, and with one
 * XADD for each event, to compare what Redis does. All three in each round.
 */
export async function measureStorm({ jobs, talk, rounds }: Storm, stage: Stage): Promise<StormMeasured> {
  await using redis = await startOwnRedis(stage);
  const watch = connectRaw(redis.url, { name: 'watch' });
  const crew: Member[] = [];
  const costOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = await cpuOf(watch);
    await work();
    return ((await cpuOf(watch)) - before) / (jobs * eventsIn(talk));
  };
  try {
    const { clients, each } = await startCrew(redis.url, jobs, watch, crew);
    const ask = <T>(follow: boolean) => clients.ask<T>({ jobs, talk, follow } satisfies ClientPlan);
    const seen: Seen[] = [];
    const [followed, ours, xadds]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      followed.push(await costOf(async () => seen.push(await ask<Seen>(true))));
      ours.push(await costOf(() => ask(false)));
      xadds.push(await costOf(() => each.ask({ jobs, talk })));
    }
    return { seen, followed, ours, each: xadds };
  } finally {
    await Promise.all(crew.map((member) => member.end()));
    watch.disconnect();
  }
}

async function startCrew(url: string, workers: number, watch: RawConnection, crew: Member[]) {
  const api = Member.start(part('api'), [url, namespace]);
  crew.push(api);
  await startSchedulerAndWorkers({ url, namespace, workers }, watch, crew);
  const clients = Member.start(program('clients'), [await api.ask<string>({ what: 'url' })]);
  const each = Member.start(program('xadd-each'), [url]);
  crew.push(clients, each);
  return { clients, each };
}

const program = (name: string): string => join(import.meta.dirname, `${name}.js`);
