import { ApiError, type Job, type JobFilter } from '@remuda/client';
import { exitCodes } from '../exit-code.js';
import { UsageError } from '../usage-error.js';
import type { Session } from '../session.js';
import { dollars, duration } from '../view/amounts.js';
import { oneLine } from '../view/plain-text.js';
import { table } from '../view/table.js';

/** Lists jobs, newest first. */
export async function ls(session: Session, filter: JobFilter, most: number): Promise<number> {
  const jobs: Job[] = [];
  for await (const job of session.client.allJobs({ ...filter, limit: Math.min(most, 100) })) {
    jobs.push(job);
    if (jobs.length >= most) break;
  }
  if (session.json) session.print(JSON.stringify(jobs));
  else if (jobs.length === 0) session.say('There are no such jobs.');
  else session.print(table(['id', 'state', 'profile', 'submitted', 'took', 'cost'], jobs.map(rowOf)));
  return exitCodes.ok;
}

function rowOf(job: Job): readonly string[] {
  const { startedAt, overAt, queuedAt } = job.times;
  const took =
    startedAt !== undefined && overAt !== undefined ? duration(Date.parse(overAt) - Date.parse(startedAt)) : '';
  const cost = job.costUsd === undefined ? '' : dollars(job.costUsd);
  return [job.id, job.failure?.code ?? job.state, job.profile, queuedAt.slice(0, 19).replace('T', ' '), took, cost];
}

/** Shows one job with its result, if it is over. */
export async function show(session: Session, id: string): Promise<number> {
  const job = await session.client.job(id);
  const result = await session.client.result(id).catch((error: unknown) => {
    if (error instanceof ApiError && error.code === 'job.not_over') return undefined;
    throw error;
  });
  if (session.json) session.print(JSON.stringify({ job, ...(result && { result }) }));
  else {
    const facts: readonly [string, unknown][] = Object.entries({ ...job, text: result?.text });
    const width = Math.max(...facts.map(([name]) => name.length));
    for (const [name, value] of facts)
      if (value !== undefined) session.print(`${session.paint.dim(name.padEnd(width))}  ${shown(value)}`);
  }
  return exitCodes.ok;
}

const longestValue = 400;
const shown = (value: unknown): string =>
  oneLine(typeof value === 'string' ? value : JSON.stringify(value), longestValue);

/** Cancels jobs, each by itself; fails if one could not be. */
export async function cancel(session: Session, ids: readonly string[], reason: string | undefined): Promise<number> {
  let code: number = exitCodes.ok;
  for (const id of ids)
    try {
      await session.client.cancel(id, reason);
      session.say(`${id} is being cancelled.`);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      session.say(`${id}: ${error.message}`);
      code = exitCodes.failed;
    }
  return code;
}

/** Prints the patch of a job as git has it, to be piped into `git apply`. */
export async function patch(session: Session, id: string, write: (text: string) => void): Promise<number> {
  const { git } = await session.client.result(id);
  if (git === undefined) throw new UsageError(`${id} had no repository.`);
  if (git.patch === undefined) {
    session.say(`${id} changed no file.`);
    return exitCodes.ok;
  }
  write(git.patch);
  return exitCodes.ok;
}

/** Queues failed jobs again; fails if one could not be. */
export async function redrive(session: Session, ids: readonly string[]): Promise<number> {
  const { outcomes } = await session.client.redrive(ids);
  if (session.json) session.print(JSON.stringify(outcomes));
  else
    for (const { id, redriven, as, detail } of outcomes)
      session.say(
        redriven ? `${id} is queued again${as ? ` as ${as}` : ''}.` : `${id}: ${detail ?? 'was not redriven'}`,
      );
  return outcomes.every(({ redriven }) => redriven) ? exitCodes.ok : exitCodes.failed;
}
