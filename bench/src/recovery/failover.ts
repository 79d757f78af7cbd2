import { readFile } from 'node:fs/promises';
import { presentMs } from '@remuda/redis';
import { spreadOf, type Line } from '../figure.js';
import { answered, openScene, runningJob, type Scene } from './scene.js';

const rounds = 4;
const jobs = 2;
/** What a person would put up with: of these, another scheduler waits for `presentMs` after the last word. */
const longestMs = 2_000;

/** What becomes of running jobs when their scheduler goes. */
export const failover: Line = {
  name: 'failover',
  about: 'a scheduler goes while its workers carry out jobs, until another scheduler holds all of these jobs',
  run: async ({ say }) => {
    await using scene = await openScene('process', jobs);
    const ids = await Promise.all(Array.from({ length: jobs }, () => runningJob(scene)));
    const times: Record<'SIGTERM' | 'SIGKILL', number[]> = { SIGTERM: [], SIGKILL: [] };
    for (let round = 0; round < rounds; round++)
      for (const signal of ['SIGTERM', 'SIGKILL'] as const) times[signal].push(await handOver(scene, ids, signal));
    for (const id of ids) {
      const { state, attempt } = await scene.api.job(id);
      if (state !== 'running' || attempt !== 1) throw new Error(`${id} is ${state}, attempt ${attempt}`);
      await scene.api.cancel(id);
    }
    say(`${jobs} jobs ran through ${rounds * 2} schedulers' ends, each in its first attempt`);
    const value = (signal: 'SIGTERM' | 'SIGKILL') => spreadOf(times[signal]);
    return {
      figures: [
        { what: 'SIGTERM -> held by another', value: value('SIGTERM'), unit: 'ms', target: { atMost: 1_000 } },
        { what: 'SIGKILL -> held by another', value: value('SIGKILL'), unit: 'ms', target: { atMost: longestMs } },
      ],
      notes: [
        `${jobs} jobs whose tool goes on, process workers. Timed from the signal until the worker of each job has another owner; all of them go through every round in their first attempt.`,
        `A scheduler counts as present for ${presentMs / 1_000} s after its last word. BullMQ's own lock of a job is 60 s and goes along by its token.`,
      ],
    };
  },
};

/** Ends the scheduler that holds a job, and gives how long the others took to hold all that it held, in ms. */
async function handOver(
  { cluster, api }: Scene,
  ids: readonly string[],
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<number> {
  const { connection, keys, schedulers } = cluster;
  const workers = await Promise.all(ids.map(async (id) => (await api.job(id)).worker ?? ''));
  const ownerOf = (worker: string): Promise<string | null> => connection.get(keys.workerOwner(worker));
  const owner = await answered('an owner', async () => (await ownerOf(workers[0] ?? '')) ?? undefined);
  const theirs: string[] = [];
  for (const worker of workers) if ((await ownerOf(worker)) === owner) theirs.push(worker);
  const logs = await Promise.all(schedulers.map((each) => readFile(each.log, 'utf8')));
  const member = schedulers.find((_, i) => logs[i]?.includes(`"scheduler":"${owner}"`));
  if (!member) throw new Error(`no scheduler is called ${owner}`);
  const since = performance.now();
  const restarted = member.restart(signal);
  for (const worker of theirs)
    await answered('another owner', async () => {
      const now = await ownerOf(worker);
      return now === null || now === owner ? undefined : now;
    });
  const ms = performance.now() - since;
  await restarted;
  return ms;
}
