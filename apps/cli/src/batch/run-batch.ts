import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import type { Job } from '@remuda/client';
import { codeOfState, exitCodes } from '../exit-code.js';
import type { Session } from '../session.js';
import { dollars, duration } from '../view/amounts.js';
import { costOf, isOver, rateOf, reportOf, type BatchState } from './batch-state.js';
import { batchLabel, type Batch } from './read-batch.js';

/** Submissions under way at once, and the pause between two looks at the jobs, in ms. */
const atOnce = 16;
const lookEveryMs = 1_000;

/** Where the progress is shown: a bar on a terminal, else a line each ten seconds. */
interface Progress {
  readonly show: (state: BatchState, text: string) => void;
  readonly stop: () => void;
}

/**
 * Submits the jobs of a batch and waits until all are over. Interrupted, it leaves them alone: the same command takes up
 * the same jobs. Resolves with the exit code; `write` gets each result as a line of JSON, in the order of their ends.
 */
export async function runBatch(session: Session, batch: Batch, write: (line: string) => void): Promise<number> {
  const began = performance.now();
  const lines = await submitAll(session, batch);
  const state = { total: batch.jobs.length, over: new Map<string, Job>() };
  let overAtStart: number | undefined;
  const progress = session.columns === undefined ? linesOf(session) : barOf(state.total);
  try {
    while (!session.leaving.aborted) {
      for (const job of await endedJobs(session, batch, state)) {
        state.over.set(job.id, job);
        write(await lineOf(session, job, lines.get(job.id) ?? 0));
      }
      overAtStart ??= state.over.size;
      progress.show(state, standing(state, { overAtStart, ms: performance.now() - began }));
      if (state.over.size >= state.total) break;
      await sleep(lookEveryMs, undefined, { signal: session.leaving }).catch(() => undefined);
    }
  } finally {
    progress.stop();
  }
  for (const line of reportOf(state, performance.now() - began)) session.say(line);
  if (session.leaving.aborted && state.over.size < state.total) {
    const left = batch.jobs.length - lines.size;
    const rest = left === 0 ? '' : `, and submits the other ${String(left)}`;
    session.say(`What was submitted goes on; the same command takes it up again${rest}.`);
    return exitCodes.interrupted;
  }
  return Math.max(exitCodes.ok, ...[...state.over.values()].map((job) => codeOfState(job.state)));
}

/** Submits what was not submitted yet; gives the line of each job by its id. */
async function submitAll({ client, leaving, say }: Session, { id, jobs }: Batch): Promise<ReadonlyMap<string, number>> {
  const lines = new Map<string, number>();
  const waiting = [...jobs];
  const submitNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined && !leaving.aborted; next = waiting.shift())
      lines.set((await client.submit(next.job, next.key)).id, next.line);
  };
  await Promise.all(Array.from({ length: atOnce }, submitNext));
  say(`${lines.size} of ${jobs.length} jobs are submitted, with the label ${batchLabel}=${id}.`);
  return lines;
}

/** The jobs of a batch that ended since the last look. */
async function endedJobs({ client }: Session, { id }: Batch, { total, over }: BatchState): Promise<readonly Job[]> {
  const ended: Job[] = [];
  for await (const job of client.allJobs({ label: `${batchLabel}:${id}`, limit: 100 })) {
    if (isOver(job) && !over.has(job.id)) ended.push(job);
    if (over.size + ended.length >= total) break;
  }
  return ended;
}

async function lineOf({ client }: Session, job: Job, line: number): Promise<string> {
  const { text, structured, git, failure } = await client.result(job.id);
  return JSON.stringify({
    line,
    id: job.id,
    state: job.state,
    text,
    structured,
    failure,
    costUsd: job.costUsd,
    patch: git?.patch,
  });
}

function standing(state: BatchState, since: { readonly overAtStart: number; readonly ms: number }): string {
  const rate = rateOf(state, since);
  const pace = rate ? `, ${rate.perMinute.toFixed(1)} jobs/min, ${duration(rate.leftMs)} left` : '';
  return `${dollars(costOf(state))}${pace}`;
}

function barOf(total: number): Progress {
  const bar = new SingleBar({ format: '{bar} {value}/{total}  {standing}', hideCursor: true, barsize: 30 });
  bar.start(total, 0, { standing: '' });
  return {
    show: ({ over }, text) => bar.update(over.size, { standing: text }),
    stop: () => bar.stop(),
  };
}

const lineEveryMs = 10_000;

function linesOf({ say }: Session): Progress {
  let last = -Infinity;
  return {
    show: ({ over, total }, text) => {
      if (performance.now() - last < lineEveryMs) return;
      last = performance.now();
      say(`${over.size}/${total}  ${text}`);
    },
    stop: () => undefined,
  };
}
