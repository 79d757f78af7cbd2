import { connectRaw, type RawConnection } from '@remuda/redis/testing';
import { spreadOf, type Figure, type Line, type LineReport } from '../figure.js';
import type { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import { commandsOf } from '../parts/redis-commands.js';
import { cpuOf } from '../parts/redis-cpu.js';
import { complete, sideNames, startSides, workers, type Side, type SideName } from '../throughput/sides.js';
import type { Batch } from '../throughput/windowed.js';

const rounds = 5;
const batch: Batch = { jobs: 3_000, atOnce: 64, promptBytes: 200 };
/** Commands that a side runs less often than this for a job are those of its clocks. */
const leastOften = 0.05;

/** What one round of jobs came to, for each of them. */
interface Cost {
  /** CPU time by process, in µs. */
  readonly us: Readonly<Record<string, number>>;
  /** Calls by command. */
  readonly calls: ReadonlyMap<string, number>;
}

/** What `throughput` is made of: CPU time of each process and commands of Redis, for one job. */
export const jobCost: Line = {
  name: 'job-cost',
  about: `CPU time of each process and commands of Redis for one job, in rounds like those of \`throughput\``,
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'watch' });
    const crew: Member[] = [];
    try {
      const sides = await startSides(redis.url, watch, crew);
      for (const name of sideNames) await complete(sides[name], batch, watch);
      const costs: Record<SideName, Cost[]> = { ours: [], bare: [], hops: [] };
      for (let round = 0; round < rounds; round++)
        for (const name of sideNames) costs[name].push(await measure(sides[name], watch));
      return report(costs);
    } finally {
      await Promise.all(crew.map((member) => member.end()));
      watch.disconnect();
    }
  },
};

async function measure(side: Side, watch: RawConnection): Promise<Cost> {
  const [us, calls] = [await cpuByProcess(side, watch), await commandsOf(watch)];
  await complete(side, batch, watch);
  const [callsAfter, usAfter] = [await commandsOf(watch), await cpuByProcess(side, watch)];
  return {
    us: Object.fromEntries(Object.entries(usAfter).map(([name, now]) => [name, (now - (us[name] ?? 0)) / batch.jobs])),
    calls: new Map([...callsAfter].map(([name, now]) => [name, (now - (calls.get(name) ?? 0)) / batch.jobs])),
  };
}

async function cpuByProcess({ members }: Side, watch: RawConnection): Promise<Record<string, number>> {
  const us: Record<string, number> = { redis: await cpuOf(watch) };
  for (const [name, member] of Object.entries(members)) us[name] = await member.cpuUs();
  return us;
}

function report(costs: Readonly<Record<SideName, readonly Cost[]>>): LineReport {
  return {
    figures: sideNames.flatMap((name) => cpuFigures(name, costs[name])),
    notes: [
      `${batch.jobs} jobs a round, ${batch.atOnce} submissions under way at once, ${workers} workers in one process. CPU time depends less on what else the machine does than jobs/s do.`,
      ...sideNames.map((name) => `Commands of Redis for one job, ${name}: ${commandsText(costs[name])}.`),
    ],
  };
}

function cpuFigures(side: SideName, costs: readonly Cost[]): readonly Figure[] {
  const sum = ({ us }: Cost): number => Object.values(us).reduce((all, one) => all + one, 0);
  return [
    { what: `${side}, all`, value: spreadOf(costs.map(sum)), unit: 'µs' },
    ...Object.keys(costs[0]?.us ?? {}).map((name): Figure => {
      return { what: `${side}, ${name}`, value: spreadOf(costs.map(({ us }) => us[name] ?? NaN)), unit: 'µs' };
    }),
  ];
}

/** The middle of all rounds of each command, those first that are run most often. */
function commandsText(costs: readonly Cost[]): string {
  const names = new Set(costs.flatMap(({ calls }) => [...calls.keys()]));
  const middles = [...names].map((name) => {
    return { name, calls: spreadOf(costs.map(({ calls }) => calls.get(name) ?? 0)).median };
  });
  const often = middles.filter(({ calls }) => calls >= leastOften).toSorted((a, b) => b.calls - a.calls);
  return often.map(({ name, calls }) => `${calls.toFixed(2)} ${name}`).join(', ');
}
