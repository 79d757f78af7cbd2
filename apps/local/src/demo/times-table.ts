import type { JobView } from '@remuda/protocol';

const rows = [
  ['queued', 'queuedAt'],
  ['claimed', 'claimedAt'],
  ['first model request', 'firstRequestAt'],
  ['first token', 'firstTokenAt'],
  ['over', 'overAt'],
] as const;

/** The milestones of a job, each in ms after it was queued, and how warm its start was. */
export function timesTable({ times, start }: Pick<JobView, 'times' | 'start'>): readonly string[] {
  const queuedAt = Date.parse(times.queuedAt);
  const lines = rows.map(([name, key]) => {
    const at = times[key];
    const ms = at === undefined ? '-' : String(Date.parse(at) - queuedAt);
    return `  ${name.padEnd(20)} ${ms.padStart(7)} ms`;
  });
  const reason = start?.reason === undefined ? '' : ` (${start.reason})`;
  return [...lines, `  ${'start'.padEnd(20)} ${start === undefined ? '-' : start.kind}${reason}`];
}
