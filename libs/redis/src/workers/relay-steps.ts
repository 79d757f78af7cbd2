import type { NewEvent } from '@remuda/domain';
import { decodeReports, type WorkerReport } from '@remuda/protocol';
import type { StreamEntry } from '../events/stream-tail.js';

/** How an attempt ended, as its worker says. */
export type OutcomeReport = Extract<WorkerReport, { kind: 'outcome' }>;
/** What a worker says of itself. */
export type StatusReport = Extract<WorkerReport, { kind: 'heartbeat' | 'phase' }>;

/** One step through a worker's stream. What follows each other under one lease goes over together. */
export type Step =
  | { readonly kind: 'status'; readonly report: StatusReport }
  | { readonly kind: 'unreadable' }
  /** Its worker is of another release, and what it says is not understood. */
  | { readonly kind: 'incompatible'; readonly format: number }
  | { readonly kind: 'outcome'; readonly after: string; readonly report: OutcomeReport; readonly startedAt?: number }
  | EventsStep;

/** Where a reader is in a worker's stream: its cursor, and the last entry that it has come to. */
export interface Reached {
  readonly cursor: string;
  readonly entry: string;
}

type Held = Extract<WorkerReport, { kind: 'started' | 'events' | 'outcome' }>;
type EventsReport = Extract<WorkerReport, { kind: 'events' }>;

/** Events of one attempt, and that it was taken up. */
export interface EventsStep {
  readonly kind: 'events';
  readonly after: string;
  readonly job: string;
  readonly lease: number;
  readonly startedAt?: number;
  readonly events: readonly NewEvent[];
}

/**
 * A cursor is `<entry>-<reports of it that were taken>`: workers number their entries `1-0`, `2-0`, …, and one entry may
 * hold several reports. So an entry that was taken half-way is read again, from where it was left.
 */
function isBehind(cursor: string, place: string): boolean {
  const [entry = 0, taken = 0] = cursor.split('-').map(Number);
  const [otherEntry = 0, otherTaken = 0] = place.split('-').map(Number);
  return entry < otherEntry || (entry === otherEntry && taken < otherTaken);
}

/** The id of the entry before the one in which a cursor stands. */
export function entryBefore(cursor: string): string {
  return `${String(Math.max(0, Number.parseInt(cursor, 10) - 1))}-0`;
}

/** Whether an entry comes after another one. Their numbers may be larger than ours. */
export function isLaterEntry(id: string, other: string): boolean {
  const [a = 0n, b = 0n] = id.split('-').map(BigInt);
  const [c = 0n, d = 0n] = other.split('-').map(BigInt);
  return a > c || (a === c && b > d);
}

/**
 * Sorts what stands behind the cursor into steps, in its order. What was taken before is not taken again. Never throws: what can't be
 * read is a step by itself.
 */
export function stepsOf(
  entries: readonly StreamEntry[],
  { cursor, entry: last }: Reached,
  now: number,
): readonly Step[] {
  const found: Step[] = [];
  let lost = 0;
  let before = Number.parseInt(last, 10);
  for (const [id, fields] of entries) {
    const entry = Number.parseInt(id, 10);
    // The number is the worker's own choice: a cursor with a larger one would be no id for Redis.
    if (!Number.isSafeInteger(entry)) {
      found.push({ kind: 'unreadable' });
      continue;
    }
    lost += Math.max(0, entry - before - 1);
    before = entry;
    for (const [i, report] of decodeReports(fields[1] ?? '').entries()) {
      const after = `${String(entry)}-${String(i + 1)}`;
      if (!isBehind(cursor, after)) continue;
      if (lost > 0 && report && 'lease' in report && report.kind !== 'heartbeat' && report.kind !== 'phase') {
        addEvents(found, `${String(entry)}-${String(i)}`, gapIn(report, lost, now));
        lost = 0;
      }
      if (!report) found.push({ kind: 'unreadable' });
      else if (report.kind === 'incompatible') found.push(report);
      else if (report.kind === 'heartbeat' || report.kind === 'phase') found.push({ kind: 'status', report });
      else if (report.kind === 'outcome') addOutcome(found, after, report);
      else {
        if (report.kind === 'events' && report.refused !== undefined) found.push({ kind: 'unreadable' });
        addEvents(found, after, report);
      }
    }
  }
  return found;
}

/** Workers number their entries one after the other: where numbers are missing the stream was trimmed before we read it. */
function gapIn({ job, lease }: Held, reports: number, now: number): EventsReport {
  const gap = { type: 'stream.gap', at: now, data: { firstHeld: 0, missed: 0, reports } } as const;
  return { kind: 'events', job, lease, events: [gap] };
}

/** Adds an outcome; a start without events right before it goes along. */
function addOutcome(found: Step[], after: string, report: OutcomeReport): void {
  const last = found.at(-1);
  const started =
    last?.kind === 'events' && last.events.length === 0 && last.job === report.job && last.lease === report.lease;
  if (started) found.pop();
  const startedAt = started ? last.startedAt : undefined;
  found.push({ kind: 'outcome', after, report, ...(startedAt === undefined ? {} : { startedAt }) });
}

/** Adds a report to the last step where it goes on under the same lease, else begins another one. */
function addEvents(found: Step[], after: string, report: Extract<WorkerReport, { kind: 'started' | 'events' }>): void {
  const { job, lease } = report;
  const step: Step =
    report.kind === 'started'
      ? { kind: 'events', after, job, lease, startedAt: report.at, events: [] }
      : { kind: 'events', after, job, lease, events: report.events };
  const last = found.at(-1);
  if (last?.kind === 'events' && last.job === job && last.lease === lease)
    found[found.length - 1] = { ...last, ...step, events: [...last.events, ...step.events] };
  else found.push(step);
}
