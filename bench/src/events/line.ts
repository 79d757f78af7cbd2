import { join } from 'node:path';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';
import { part, startSchedulerAndWorkers } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { cpuOf } from '../parts/redis-cpu.js';
import type { ClientPlan, Seen } from './clients.js';
import { eventsIn, type Talk } from './talk.js';

const rounds = 2;
const jobs = 100;
const perSecond = 200;
const speech: Talk = { perSecond, forMs: 10_000 };
const namespace = 'bench';

/** What the rounds came to. Redis's CPU is in µs for one event. */
interface Measured {
  readonly seen: Seen[];
  readonly followed: number[];
  readonly ours: number[];
  readonly each: number[];
}

/** Event streams. */
export const events: Line = {
  name: 'events',
  about: `${jobs} jobs x ${perSecond} events/s for ${speech.forMs / 1_000} s to SSE clients, against one XADD for each event`,
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'watch' });
    const crew: Member[] = [];
    try {
      const api = Member.start(part('api'), [redis.url, namespace]);
      crew.push(api);
      await startSchedulerAndWorkers({ url: redis.url, namespace, workers: jobs }, watch, crew);
      const clients = Member.start(program('clients'), [await api.ask<string>({ what: 'url' })]);
      const each = Member.start(program('xadd-each'), [redis.url]);
      crew.push(clients, each);
      const ask = <T>(follow: boolean) => clients.ask<T>({ jobs, talk: speech, follow } satisfies ClientPlan);
      const measured: Measured = { seen: [], followed: [], ours: [], each: [] };
      for (let round = 0; round < rounds; round++) {
        // With SSE clients, to see that nothing is lost; without them, and with one XADD each, to compare what Redis does.
        const follow = async (): Promise<void> => void measured.seen.push(await ask<Seen>(true));
        measured.followed.push(await costOf(follow, watch));
        measured.ours.push(await costOf(() => ask(false), watch));
        measured.each.push(await costOf(() => each.ask({ jobs, talk: speech }), watch));
      }
      return report(measured);
    } finally {
      await Promise.all(crew.map((member) => member.end()));
      watch.disconnect();
    }
  },
};

const program = (name: string): string => join(import.meta.dirname, `${name}.js`);

/** CPU that some work costs Redis for one event, in µs. */
async function costOf(work: () => Promise<unknown>, watch: RawConnection): Promise<number> {
  const before = await cpuOf(watch);
  await work();
  return ((await cpuOf(watch)) - before) / (jobs * eventsIn(speech));
}

function report({ seen, followed, ours, each }: Measured): LineReport {
  const lost = seen.map(({ said, came, holes }) => said - came + holes);
  const target = { atMost: 0.25 };
  return {
    figures: [
      { what: 'events lost, doubled or out of order', value: spreadOf(lost), unit: 'events', target: { atMost: 0 } },
      { what: 'events received', value: spreadOf(seen.map(({ came }) => came)), unit: 'events' },
      {
        what: "Redis CPU of the workers' streams and the relay / one XADD each",
        value: ratioOf(ours, each),
        unit: 'x',
        target,
      },
      { what: 'Redis CPU with the SSE clients as well / one XADD each', value: ratioOf(followed, each), unit: 'x' },
      { what: "Redis CPU for one event, workers' streams and relay", value: spreadOf(ours), unit: 'µs' },
      { what: 'Redis CPU for one event, with the SSE clients as well', value: spreadOf(followed), unit: 'µs' },
      { what: 'Redis CPU for one event, one XADD each', value: spreadOf(each), unit: 'µs' },
      { what: 'made -> at the client, median', value: spreadOf(seen.map(({ delayMs }) => delayMs.median)), unit: 'ms' },
      { what: 'made -> at the client, 99 %', value: spreadOf(seen.map(({ delayMs }) => delayMs.p99)), unit: 'ms' },
    ],
    notes: [
      `All that Redis does in that time is counted on both sides: submitting, and the heartbeats of ${jobs} workers, too.`,
    ],
  };
}
