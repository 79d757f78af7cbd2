import type { NewEvent } from '@remuda/domain';
import { decodeReports, type WorkerReport } from '@remuda/protocol';
import type { StreamEntry } from '../events/backlog.js';

/** A worker's report of how an attempt ended. */
export type OutcomeReport = Extract<WorkerReport, { kind: 'outcome' }>;
/** A worker's report of what came of a turn's snapshot. */
export type KeptReport = Extract<WorkerReport, { kind: 'kept' }>;
/** A worker's report about itself. */
export type StatusReport = Extract<WorkerReport, { kind: 'heartbeat' | 'phase' }>;

/** One step through a worker's stream. Consecutive reports under one lease form one step. */
export type Step =
  | { readonly kind: 'status'; readonly report: StatusReport }
  | { readonly kind: 'unreadable' }
  /** Its worker is from another release, and its report is not understood. */
  | { readonly kind: 'incompatible'; readonly format: number }
  | { readonly kind: 'outcome'; readonly after: string; readonly report: OutcomeReport; readonly startedAt?: number }
  | { readonly kind: 'kept'; readonly after: string; readonly report: KeptReport }
  | EventsStep;

/** A reader's position in a worker's stream: its cursor, and the last entry that it has reached. */
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
 * A cursor is `<entry>-<number of its reports that were taken>`: workers number their entries `1-0`, `2-0`, …, and one
 * entry may contain several reports. So a partly taken entry is read again, from where it was left.
 */
function isBehind(cursor: string, place: string): boolean {
  const [entry = 0, taken = 0] = cursor.split('-').map(Number);
  const [otherEntry = 0, otherTaken = 0] = place.split('-').map(Number);
  return entry < otherEntry || (entry === otherEntry && taken < otherTaken);
}

/** The id of the entry before the cursor's. */
export function entryBefore(cursor: string): string {
  return `${String(Math.max(0, Number.parseInt(cursor, 10) - 1))}-0`;
}

/** Whether an entry follows another one. Their numbers may exceed safe integers. */
export function isLaterEntry(id: string, other: string): boolean {
  const [a = 0n, b = 0n] = id.split('-').map(BigInt);
  const [c = 0n, d = 0n] = other.split('-').map(BigInt);
  return a > c || (a === c && b > d);
}

/**
 * Groups the reports after the cursor into steps, in order. Reports that were taken are skipped. Never throws: an
 * unreadable report is a step of its own.
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
    // The worker chooses the number: a larger one would make an invalid cursor for Redis.
    if (!Number.isSafeInteger(entry)) {
      found.push({ kind: 'unreadable' });
      continue;
    }
    lost += Math.max(0, entry - before - 1);
    before = entry;
    for (const [i, report] of decodeReports(fields[1] ?? '').entries()) {
      const after = `${String(entry)}-${String(i + 1)}`;
      if (!isBehind(cursor, after)) continue;
      if (lost > 0 && report && 'lease' in report && isOfAttempt(report)) {
        addEvents(found, `${String(entry)}-${String(i)}`, gapIn(report, lost, now));
        lost = 0;
      }
      if (!report) found.push({ kind: 'unreadable' });
      else if (report.kind === 'incompatible') found.push(report);
      else if (report.kind === 'heartbeat' || report.kind === 'phase') found.push({ kind: 'status', report });
      else if (report.kind === 'outcome') addOutcome(found, after, report);
      else if (report.kind === 'kept') found.push({ kind: 'kept', after, report });
      else {
        if (report.kind === 'events' && report.refused !== undefined) found.push({ kind: 'unreadable' });
        addEvents(found, after, report);
      }
    }
  }
  return found;
}

/** What is said of an attempt that is not over. */
const isOfAttempt = (report: WorkerReport): report is Held =>
  report.kind === 'started' || report.kind === 'events' || report.kind === 'outcome';

/** Workers number their entries consecutively: a gap means that the stream was trimmed before we read it. */
function gapIn({ job, lease }: Held, reports: number, now: number): EventsReport {
  const gap = { type: 'stream.gap', at: now, data: { firstHeld: 0, missed: 0, reports } } as const;
  return { kind: 'events', job, lease, events: [gap] };
}

/** Adds an outcome; a start without events right before it is merged. */
function addOutcome(found: Step[], after: string, report: OutcomeReport): void {
  const last = found.at(-1);
  const started =
    last?.kind === 'events' && last.events.length === 0 && last.job === report.job && last.lease === report.lease;
  if (started) found.pop();
  const startedAt = started ? last.startedAt : undefined;
  found.push({ kind: 'outcome', after, report, ...(startedAt === undefined ? {} : { startedAt }) });
}

/** Adds a report to the last step if it has the same lease, otherwise starts a new one. */
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
