import { loadavg } from 'node:os';
import { join } from 'node:path';
import { claudeVersion, resolveClaude } from '@remuda/engine';
import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { script, startScriptedModel } from '@remuda/scripted-model';
import { measureStorm, type Storm, type StormMeasured } from '../events/storm.js';
import { ratioOf, spreadOf, type Figure, type Line, type LineReport, type Stage } from '../figure.js';
import { cpuOf } from '../parts/redis-cpu.js';
import { delayOf, type Arrivals, type Delay } from './arrivals.js';
import { followBare } from './bare.js';
import { FollowedJobs } from './jobs.js';

const several = 8;
/** Deltas of one answer, and the pause between two, in ms. */
const words = 100;
const chunkMs = 25;
const defaultRounds = 3;
const storm: Storm = { jobs: 100, talk: { perSecond: 200, forMs: 5_000 }, rounds: 2 };

/** One round with so many answers at once: bare processes and jobs, one after the other. */
interface Round {
  readonly bare: Delay;
  readonly ours: Delay;
  readonly toWorker: Delay;
  readonly missing: number;
  /** Redis' CPU for one delta, in µs, with all else that it did in that time. */
  readonly redisUs: number;
}

/** How late each delta comes. */
export const deltas: Line = {
  name: 'deltas',
  about: `delay of each delta, sent by the model -> at the client: jobs by SSE against bare \`claude -p\` processes; ${storm.jobs} jobs x ${storm.talk.perSecond} events/s`,
  run: async (stage) => {
    const claude = resolveClaude(import.meta.dirname);
    const rounds = Number(stage.env['REMUDA_BENCH_ROUNDS'] ?? defaultRounds);
    const began = loadavg()[0] ?? NaN;
    const { one, eight } = await measureClaude(claude, rounds, stage);
    const rush = await measureStorm(storm, stage).catch((error: unknown) => ({ fault: String(error) }));
    const version = await claudeVersion(claude);
    const notes = [
      `Claude Code ${version}; ${words} deltas of an answer, one each ${chunkMs} ms; rounds: ${rounds} of bare process and job by turns. REMUDA_BENCH_ROUNDS=9 for more.`,
      `Load average: ${began.toFixed(1)} at the beginning, ${(loadavg()[0] ?? NaN).toFixed(1)} at the end, of which this line makes 1 to 3 itself.`,
      `Events/s are those of workers without an agent, made -> at the client. All that Redis does in that time is counted on both sides: submitting, and the heartbeats of ${storm.jobs} workers, too.`,
    ];
    const figures = [...aboveBare('one job', one, 1), ...aboveBare('eight jobs', eight, 2)];
    if ('fault' in rush) return { figures, notes: [...notes, `The events/s were not measured: ${rush.fault}`] };
    return { figures: [...figures, ...ofStorm(rush)], notes };
  },
};

async function measureClaude(claude: string, rounds: number, stage: Stage) {
  await using model = await startScriptedModel();
  const jobs = await FollowedJobs.start({ claude, modelUrl: model.url, warm: several }, stage);
  const redis = connectRaw(jobs.redisUrl, { name: 'watch' });
  const bare = (nth: number) => followBare(prompt(), { claude, modelUrl: model.url, dir: join(stage.dir, `b${nth}`) });
  const parts = { bare, jobs, redis };
  try {
    const [one, eight]: [Round[], Round[]] = [[], []];
    // The first round is for the page cache and for what Node compiles late; it does not count.
    for (let round = 0; round <= rounds; round++) {
      one.push(await measureRound(1, parts));
      if (round > 0) eight.push(await measureRound(several, parts));
      stage.say(`round ${round} of ${rounds}: ${inWords(one.at(-1))}, eight: ${inWords(eight.at(-1))}`);
      model.reset();
    }
    return { one: one.slice(1), eight };
  } finally {
    redis.disconnect();
    await jobs.stop();
  }
}

function inWords(round: Round | undefined): string {
  if (round === undefined) return 'none yet';
  const ms = ({ p50, p95 }: Delay): string => `${p50.toFixed(1)}/${p95.toFixed(1)} ms`;
  return `bare ${ms(round.bare)}, at the worker ${ms(round.toWorker)}, at the client ${ms(round.ours)}`;
}

interface Parts {
  readonly bare: (nth: number) => Promise<Arrivals>;
  readonly jobs: FollowedJobs;
  readonly redis: RawConnection;
}

async function measureRound(count: number, { bare, jobs, redis }: Parts): Promise<Round> {
  await jobs.settled();
  const theirs = await allOf(count, bare);
  const before = await cpuOf(redis);
  const ours = await allOf(count, () => jobs.follow(prompt()));
  const redisUs = ((await cpuOf(redis)) - before) / (count * words);
  return {
    bare: delayOf(theirs.flatMap(({ delays }) => delays)),
    ours: delayOf(ours.flatMap(({ delays }) => delays)),
    toWorker: delayOf(ours.flatMap(({ toWorker = [] }) => toWorker)),
    missing: count * words - ours.reduce((sum, { delays }) => sum + delays.length, 0),
    redisUs,
  };
}

const allOf = (count: number, follow: (nth: number) => Promise<Arrivals>): Promise<readonly Arrivals[]> =>
  Promise.all(Array.from({ length: count }, (_, nth) => follow(nth)));

const prompt = (): string => script({ text: 'word '.repeat(words), chunkMs, stamped: true });

function aboveBare(who: string, rounds: readonly Round[], factor: number): readonly Figure[] {
  const ms = (what: string, of: (round: Round) => number): Figure => ({
    what: `${who}: ${what}`,
    value: spreadOf(rounds.map(of)),
    unit: 'ms',
  });
  return [
    { ...ms('above the bare process, median', (r) => r.ours.p50 - r.bare.p50), target: { atMost: 10 * factor } },
    { ...ms('above the bare process, 95 %', (r) => r.ours.p95 - r.bare.p95), target: { atMost: 25 * factor } },
    ms('at the client, median', (r) => r.ours.p50),
    ms('at the client, 95 %', (r) => r.ours.p95),
    ms('out of the bare process, median', (r) => r.bare.p50),
    ms('out of the bare process, 95 %', (r) => r.bare.p95),
    ms('at the worker, median', (r) => r.toWorker.p50),
    ms('at the worker, 95 %', (r) => r.toWorker.p95),
    {
      what: `${who}: deltas missing`,
      value: spreadOf(rounds.map(({ missing }) => missing)),
      unit: 'events',
      target: { atMost: 0 },
    },
    { what: `${who}: Redis CPU for one delta`, value: spreadOf(rounds.map(({ redisUs }) => redisUs)), unit: 'µs' },
  ];
}

function ofStorm({ seen, followed, ours, each }: StormMeasured): LineReport['figures'] {
  const lost = seen.map(({ said, came, holes }) => said - came + holes);
  const rate = `${storm.jobs * storm.talk.perSecond} events/s`;
  const of = (what: string, value: readonly number[]) => ({ what: `${rate}: ${what}`, value: spreadOf(value) });
  const delays = seen.map(({ delayMs }) => delayMs);
  return [
    { ...of('lost, doubled or out of order', lost), unit: 'events', target: { atMost: 0 } },
    {
      ...of(
        'made -> at the client, median',
        delays.map(({ median }) => median),
      ),
      unit: 'ms',
      target: { atMost: 80 },
    },
    {
      ...of(
        'made -> at the client, 99 %',
        delays.map(({ p99 }) => p99),
      ),
      unit: 'ms',
      target: { atMost: 200 },
    },
    {
      what: `${rate}: Redis CPU of the workers' streams and the relay / one XADD each`,
      ...{ value: ratioOf(ours, each), unit: 'x', target: { atMost: 0.4 } },
    },
    {
      what: `${rate}: Redis CPU with the SSE clients as well / one XADD each`,
      value: ratioOf(followed, each),
      unit: 'x',
    },
    { ...of("Redis CPU for one event, workers' streams and relay", ours), unit: 'µs' },
    { ...of('Redis CPU for one event, with the SSE clients as well', followed), unit: 'µs' },
    { ...of('Redis CPU for one event, one XADD each', each), unit: 'µs' },
  ];
}
