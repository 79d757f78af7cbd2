import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isOver, type JobEvent, type JobRecord, defaultTenant } from '@remuda/domain';
import { RedisJobStore } from '@remuda/redis';
import { systemClock } from '@remuda/runtime';
import type { ChaosCluster } from './cluster.js';
import type { AcceptedJob, Ledger } from './ledger.js';
import { resultOf } from './load.js';

/** All that is known of an accepted job after the run. */
export interface SeenJob {
  readonly accepted: AcceptedJob;
  /** Absent where Redis knows nothing of it. */
  readonly record?: JobRecord;
  readonly text?: string;
  readonly events: readonly JobEvent[];
  /** Workers that left a line in its note, a line each. */
  readonly notes: readonly string[];
}

/** Reads all jobs that were accepted. */
export async function seeJobs(cluster: ChaosCluster, ledger: Ledger): Promise<readonly SeenJob[]> {
  const store = new RedisJobStore(cluster.connection, cluster.keys, systemClock);
  const notes = new Set(await readdir(cluster.notes));
  const seen: SeenJob[] = [];
  for (const accepted of ledger.accepted.values()) {
    const { id, note } = accepted;
    const [record, result] = await Promise.all([
      store.find({ tenant: defaultTenant, id: id }),
      store.result({ tenant: defaultTenant, id: id }),
    ]);
    const lines = notes.has(note) ? await readFile(join(cluster.notes, note), 'utf8') : '';
    seen.push({
      accepted,
      ...(record ? { record } : {}),
      ...(result ? { text: result.text } : {}),
      events: await allEvents(cluster, id),
      notes: lines.split('\n').flatMap((line) => /\/workers\/([^/]+)\/home/.exec(line)?.[1] ?? []),
    });
  }
  await store.close();
  return seen;
}

async function allEvents({ events }: ChaosCluster, id: string): Promise<readonly JobEvent[]> {
  const all: JobEvent[] = [];
  for (;;) {
    const page = await events.page({ tenant: defaultTenant, id: id }, all.at(-1)?.id ?? 0, 1_000);
    all.push(...page.events);
    if (page.events.length === 0) return all;
  }
}

/** Whether a job is known to have ended. */
export function isDone(job: SeenJob): boolean {
  return job.record !== undefined && isOver(job.record.state);
}

/** How many ends its stream tells of. */
export function endsOf(job: SeenJob): number {
  return job.events.filter((event) => event.type === 'job.over').length;
}

/** Places where its stream skips an id without saying so, or counts back. */
export function holesOf(job: SeenJob): number {
  let holes = 0;
  let last = 0;
  for (const event of job.events) {
    if (event.id !== last + 1 && event.type !== 'stream.gap') holes++;
    last = event.id;
  }
  return holes;
}

/**
 * What the job did beyond its leases: a turn of a worker that had none, two turns under one lease, or a lease given while
 * another one stood.
 */
export function unfencedRunsOf(job: SeenJob): readonly string[] {
  const faults: string[] = [];
  const leases = new Map<string, number>();
  let held = false;
  const calls = new Map<number, number>();
  for (const event of job.events) {
    if (event.type === 'job.assigned') {
      if (held) faults.push(`attempt ${String(event.attempt)} was assigned while another one stood`);
      held = true;
      leases.set(event.data.worker, (leases.get(event.data.worker) ?? 0) + 1);
    }
    if (event.type === 'job.requeued') held = false;
    if (event.type === 'tool.called') calls.set(event.attempt, (calls.get(event.attempt) ?? 0) + 1);
  }
  for (const [attempt, count] of calls)
    if (count > 1) faults.push(`attempt ${String(attempt)} called its one tool ${String(count)} times`);
  const lines = new Map<string, number>();
  for (const worker of job.notes) lines.set(worker, (lines.get(worker) ?? 0) + 1);
  for (const [worker, count] of lines)
    if (count > (leases.get(worker) ?? 0))
      faults.push(`${worker} left ${String(count)} lines under ${String(leases.get(worker) ?? 0)} leases`);
  return faults;
}

/**
 * Whether a job that succeeded did what it says: its own result, and a line by the worker of its last attempt. One that went on
 * with the session of the attempt before has what was done there.
 */
export function isTrue(job: SeenJob, withNotes: boolean): boolean {
  if (job.record?.state !== 'succeeded') return true;
  if (job.text !== resultOf(job.accepted.n)) return false;
  return !withNotes || workersOfLastSession(job).some((worker) => job.notes.includes(worker));
}

/** The worker of the last attempt, and those of the attempts that it goes on with. */
function workersOfLastSession({ events }: SeenJob): readonly string[] {
  const workers: string[] = [];
  let goesOn = false;
  for (const event of events.toReversed()) {
    if (event.type === 'job.assigned') {
      workers.push(event.data.worker);
      if (!goesOn) return workers;
      goesOn = false;
    } else if (event.type === 'attempt.resumed') goesOn = true;
  }
  return workers;
}
