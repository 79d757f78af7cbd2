import type { Job } from '@remuda/client';
import { dollars, duration } from '../view/amounts.js';

/** What is known of a batch's jobs that are over. */
export interface BatchState {
  readonly total: number;
  readonly over: ReadonlyMap<string, Job>;
}

/** The states in which a job is over. */
const overStates: ReadonlySet<Job['state']> = new Set(['succeeded', 'failed', 'cancelled']);

/** Whether a job is over. */
export const isOver = ({ state }: Pick<Job, 'state'>): boolean => overStates.has(state);

/** What the jobs that are over have cost, in US dollars. */
export const costOf = ({ over }: BatchState): number =>
  [...over.values()].reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0);

/** How many jobs came to which end. */
export function endsOf({ over }: BatchState): Readonly<Record<string, number>> {
  const ends: Record<string, number> = {};
  for (const { state } of over.values()) ends[state] = (ends[state] ?? 0) + 1;
  return ends;
}

/**
 * Jobs per minute, and the time left in ms at that rate, counted from those that ended since this run began; undefined
 * until one has.
 */
export function rateOf(
  { total, over }: BatchState,
  { overAtStart, ms }: { readonly overAtStart: number; readonly ms: number },
): { readonly perMinute: number; readonly leftMs: number } | undefined {
  const done = over.size - overAtStart;
  if (done <= 0 || ms <= 0) return undefined;
  return { perMinute: (done * 60_000) / ms, leftMs: ((total - over.size) * ms) / done };
}

/** The report at the end. */
export function reportOf(state: BatchState, ms: number): readonly string[] {
  const failures: Record<string, number> = {};
  for (const { failure } of state.over.values())
    if (failure) failures[failure.code] = (failures[failure.code] ?? 0) + 1;
  return [
    `${state.over.size} of ${state.total} jobs are over, after ${duration(ms)}.`,
    ...Object.entries(endsOf(state)).map(([end, count]) => `  ${end.padEnd(10)} ${count}`),
    ...Object.entries(failures).map(([code, count]) => `    ${code} ${count}`),
    `  cost       ${dollars(costOf(state))}`,
  ];
}
