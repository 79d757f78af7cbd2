import { join } from 'node:path';
import { ratioOf, spreadOf, type Line, type LineReport } from '../figure.js';
import { part } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';
import type { Load, Loaded } from './load.js';

const rounds = 7;
const forMs = 1_500;
const connections = 32;
const body = JSON.stringify({ prompt: 'x'.repeat(200) });
const paths = { jobs: '/api/v1/jobs', constant: '/bench/constant' } as const;

type Way = keyof typeof paths;
type Measured = Readonly<Record<Way, Rate[]>>;

interface Rate {
  readonly perSecond: number;
  /** CPU time of the api's process for one request. */
  readonly cpuUs: number;
}

/** Submitting against answering a constant. */
export const submitting: Line = {
  name: 'submitting',
  about: 'POST /jobs requests/s against the same Fastify app answering a constant',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const server = Member.start(part('api'), [redis.url, 'bench']);
    const client = Member.start(join(import.meta.dirname, 'load.js'), []);
    try {
      const port = Number(new URL(await server.ask<string>({ what: 'url' })).port);
      const measure = async (path: string, ms: number): Promise<Rate> => {
        const before = await server.ask<number>({ what: 'cpu' });
        const load: Load = { port, path, body, connections, forMs: ms };
        const { requests, ms: took } = await client.ask<Loaded>(load);
        const cpuUs = ((await server.ask<number>({ what: 'cpu' })) - before) / requests;
        return { perSecond: (requests / took) * 1_000, cpuUs };
      };
      for (const path of Object.values(paths)) await measure(path, 1_000);
      const measured: Measured = { jobs: [], constant: [] };
      for (let round = 0; round < rounds; round++) {
        await server.ask({ what: 'flush' });
        for (const [name, path] of Object.entries(paths)) measured[name as Way].push(await measure(path, forMs));
      }
      return report(measured);
    } finally {
      await Promise.all([client.end(), server.end()]);
    }
  },
};

function report({ jobs, constant }: Measured): LineReport {
  const rate = (all: readonly Rate[]): number[] => all.map((each) => each.perSecond);
  const cpu = (all: readonly Rate[]): number[] => all.map((each) => each.cpuUs);
  const target = { atLeast: 0.35 };
  return {
    figures: [
      {
        what: 'POST /jobs / a constant',
        value: ratioOf(rate(jobs), rate(constant)),
        unit: 'x',
        target,
      },
      { what: 'POST /jobs', value: spreadOf(rate(jobs)), unit: '/s' },
      { what: 'a constant', value: spreadOf(rate(constant)), unit: '/s' },
      { what: "CPU of the api's process for one POST /jobs", value: spreadOf(cpu(jobs)), unit: 'µs' },
      { what: "CPU of the api's process for one constant", value: spreadOf(cpu(constant)), unit: 'µs' },
    ],
    notes: [
      `${connections} connections, one request after the other on each, from a process of its own; a body of ${body.length} bytes that the constant's route parses as well.`,
    ],
  };
}
