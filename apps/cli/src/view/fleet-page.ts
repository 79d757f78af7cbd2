import type { Job, Pool, Worker } from '@remuda/client';
import { poolRow, poolTitles, reasonsOf } from './pool-table.js';
import { dollars, duration } from './amounts.js';
import type { Paint } from './paint.js';
import { oneLine } from './plain-text.js';
import { table } from './table.js';

/** What is seen of a cluster at one time. */
export interface Fleet {
  readonly pools: readonly Pool[];
  readonly workers: readonly Worker[];
  /** The running ones. */
  readonly jobs: readonly Job[];
}

/** Where a page is shown. */
export interface Frame {
  readonly url: string;
  /** Epoch ms. */
  readonly now: number;
  readonly columns: number;
  readonly rows: number;
  readonly paint: Paint;
}

/** One page with all of a fleet: what does not fit the terminal is counted instead. Pure. */
export function fleetPage({ pools, workers, jobs }: Fleet, { url, now, columns, rows, paint }: Frame): string {
  const waiting = pools.reduce((sum, pool) => sum + pool.waiting, 0);
  const running = pools.reduce((sum, pool) => sum + pool.running, 0);
  const facts = [url, `${workers.length} workers`, `${running} jobs running`, `${waiting} waiting`];
  const reasons = pools.flatMap((pool) => reasonsOf(pool).map((why) => paint.yellow(`${pool.profile}: ${why}`)));
  const head = [paint.bold('remuda'), ...facts].join(' · ');
  const lines = [head, '', ...linesOf(table(poolTitles, pools.map(poolRow)), paint), ...reasons, ''];
  const jobRows = jobs.map((job) => jobRow(job, now));
  if (jobRows.length === 0) return cut([...lines, paint.dim('No job is running.')], rows, columns, paint);
  return cut([...lines, ...linesOf(table(jobTitles, jobRows), paint)], rows, columns, paint);
}

const jobTitles = ['job', 'profile', 'worker', 'attempt', 'for', 'turns', 'cost', 'labels'];

const jobRow = (job: Job, now: number): readonly string[] => [
  job.id,
  job.profile,
  job.worker ?? '',
  String(job.attempt),
  job.times.startedAt === undefined ? '' : duration(Math.max(0, now - Date.parse(job.times.startedAt))),
  String(job.turns ?? ''),
  job.costUsd === undefined ? '' : dollars(job.costUsd),
  oneLine(
    Object.entries(job.labels)
      .map((pair) => pair.join('='))
      .join(' '),
    40,
  ),
];

function linesOf(text: string, paint: Paint): readonly string[] {
  const [titles = '', ...rest] = text.split('\n');
  return [paint.dim(titles), ...rest];
}

/** The lines that fit, the last of which says how many do not. Rows of tables have no colours, so that their length is their width. */
function cut(lines: readonly string[], rows: number, columns: number, paint: Paint): string {
  const most = Math.max(5, rows - 1);
  const shown = lines.length <= most ? lines : lines.slice(0, most - 1);
  const hidden = lines.length - shown.length;
  const more = hidden === 0 ? [] : [paint.dim(`… and ${hidden} more`)];
  return [...shown.map((line) => (line.includes('\u001b') ? line : line.slice(0, columns))), ...more].join('\n');
}
