import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { RemudaClient } from '@remuda/client';
import { connectRaw } from '@remuda/redis/testing';
import { spreadOf, type Figure, type Line, type LineReport, type Stage } from '../figure.js';
import { part, startSchedulerAndWorkers } from '../parts/cluster.js';
import { Member } from '../parts/member.js';
import { startOwnRedis } from '../parts/own-redis.js';

const [rounds, jobsOfRound] = [15, 4];
const namespace = 'bench';
const prompt = 'Say hello.';
const binary = join(import.meta.dirname, '../../../apps/cli/bin/remuda.mjs');
const execute = promisify(execFile);

/** What one job took, the mean of a round. */
interface Took {
  readonly wallMs: number;
  readonly cpuMs: number;
}
type Round = Readonly<Record<'client' | 'command' | 'bare', Took>>;

/** The command beside the client that it uses: a process of its own for each job, its start and its end included. */
export const command: Line = {
  name: 'command',
  about: '`remuda run` as a process against the same job by `@remuda/client` in a process that runs, submitted -> over',
  run: async (stage) => {
    await using redis = await startOwnRedis(stage);
    const watch = connectRaw(redis.url, { name: 'watch' });
    const crew: Member[] = [];
    try {
      await startSchedulerAndWorkers({ url: redis.url, namespace, workers: 2 }, watch, crew);
      const api = Member.start(part('api'), [redis.url, namespace, '']);
      crew.push(api);
      return report(await measure(await api.ask<string>({ what: 'url' }), stage));
    } finally {
      watch.disconnect();
      await Promise.all(crew.map((member) => member.end()));
    }
  },
};

async function measure(url: string, { env, dir, say }: Stage): Promise<readonly Round[]> {
  const client = new RemudaClient({ url });
  const args = [binary, 'run', prompt, '--url', url];
  const options = { cwd: dir, env: { PATH: env['PATH'], HOME: dir } };
  const run = (program: readonly string[]) => execute(process.execPath, [...program], options);
  const ways = {
    client: () => client.run({ prompt }),
    command: async () => {
      const { stderr } = await run(args);
      if (!stderr.includes('succeeded')) throw new Error(`remuda run has shown no result, but: ${stderr}`);
    },
    bare: () => run(['--eval', '']),
  };
  const measured: Round[] = [];
  // The first round is for the page cache and for what Node compiles late; it does not count.
  for (let round = 0; round <= rounds; round++) {
    const { client: byClient, command: byCommand, bare } = ways;
    measured.push({ client: await meanOf(byClient), command: await meanOf(byCommand), bare: await meanOf(bare) });
    say(`round ${round} of ${rounds}: ${JSON.stringify(measured.at(-1))}`);
  }
  return measured.slice(1);
}

async function meanOf(job: () => Promise<unknown>): Promise<Took> {
  const [began, cpuBefore] = [performance.now(), cpuMsSoFar()];
  for (let n = 0; n < jobsOfRound; n++) await job();
  return { wallMs: (performance.now() - began) / jobsOfRound, cpuMs: (cpuMsSoFar() - cpuBefore) / jobsOfRound };
}

/** CPU time of this process, and of its children that have ended: the kernel counts those in ticks of 10 ms. */
function cpuMsSoFar(): number {
  const { user, system } = process.cpuUsage();
  const [, , ...fields] = readFileSync('/proc/self/stat', 'utf8').replace(/^.*\)/s, '- -').split(' ');
  // Fields 16 and 17 of proc(5), of which the third is the first here.
  const [childrenUser, childrenSystem] = [Number(fields[13]), Number(fields[14])];
  return (user + system) / 1_000 + (childrenUser + childrenSystem) * 10;
}

function report(measured: readonly Round[]): LineReport {
  const ms = (what: string, of: (round: Round) => number): Figure => ({
    what,
    value: spreadOf(measured.map(of)),
    unit: 'ms',
  });
  return {
    figures: [
      { ...ms('added by `remuda run`', (r) => r.command.wallMs - r.client.wallMs), target: { atMost: 150 } },
      ms('CPU added by `remuda run`', (r) => r.command.cpuMs - r.client.cpuMs),
      ms('a job by `remuda run`', (r) => r.command.wallMs),
      ms('a job by the client', (r) => r.client.wallMs),
      ms('CPU of `remuda run`', (r) => r.command.cpuMs),
      ms('CPU of the client for one job', (r) => r.client.cpuMs),
      ms('a bare Node process', (r) => r.bare.wallMs),
      ms('CPU of a bare Node process', (r) => r.bare.cpuMs),
    ],
    notes: [
      `A round is ${jobsOfRound} jobs, one after the other, in each way; the workers have no agent, so that a job takes next to no time. Of \`remuda run\` it is from the start of the process to its end, and all is printed.`,
    ],
  };
}
