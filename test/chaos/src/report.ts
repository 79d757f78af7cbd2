import type { SeenJob } from './audit.js';
import { endsOf, holesOf, isDone, isTrue, unfencedRunsOf } from './audit.js';
import type { Fault, FaultKind } from './faults.js';
import { holesOfSession, overlapsOf, type SeenSession } from './session-audit.js';

/** What a run came to. */
export interface Report {
  readonly rows: readonly Row[];
  readonly recovery: readonly Recovery[];
  /** One line for each job of which something must not be. */
  readonly findings: readonly string[];
  /** What took long, though it went well. */
  readonly slow: readonly string[];
}

/** One figure. `must` says what it has to be. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly must?: 'be 0' | 'be above 0';
  readonly about?: string;
}

/** How long it took after faults of one kind, in ms, until a job was assigned or over: any, and the one that was hit. */
export interface Recovery {
  readonly kind: FaultKind;
  readonly count: number;
  readonly next: Spread;
  readonly own: Spread;
}

/** Median and maximum; undefined where there is nothing to measure. */
export interface Spread {
  readonly median?: number;
  readonly max?: number;
}

/** All that was seen of a run. */
export interface Observed {
  readonly jobs: readonly SeenJob[];
  readonly sessions: readonly SeenSession[];
  readonly faults: readonly Fault[];
  /** When Redis was killed and could lose what it had not written, epoch ms. */
  readonly forgetfulAt: readonly number[];
  readonly withNotes: boolean;
  readonly asked: number;
  readonly refusedRequests: number;
  readonly clashes: number;
  readonly fenced: number;
  /** Pods and Secrets that were there when all workers had left; undefined where workers are no pods. */
  readonly podsLeft: number | undefined;
  readonly durationMs: number;
}

/** Redis writes its file once a second: what was accepted in the last one may be gone with it. */
const fsyncMs = 1_100;

/** A job that was hit and waited longer than this for its next attempt is told of, in ms. */
const slowMs = 12_000;

/** Draws it all up. */
export function drawUp(run: Observed): Report {
  const { jobs, faults } = run;
  const state = (name: string): readonly SeenJob[] => jobs.filter((job) => job.record?.state === name);
  const unknown = jobs.filter((job) => job.record === undefined);
  const forgotten = unknown.filter(({ accepted: { acceptedAt } }) =>
    run.forgetfulAt.some((at) => at >= acceptedAt - 50 && at - acceptedAt < fsyncMs),
  );
  const lost = jobs.filter((job) => !isDone(job) && !forgotten.includes(job));
  const uncalled = state('cancelled').filter((job) => job.accepted.cancelled !== true);
  const untrue = jobs.filter((job) => !isTrue(job, run.withNotes));
  const twice = jobs.filter((job) => endsOf(job) > 1);
  const holed = jobs.filter((job) => holesOf(job) > 0);
  const unfenced = jobs.filter((job) => unfencedRunsOf(job).length > 0);
  const late = state('failed').filter((job) => job.record?.failure?.code === 'job.timed_out');
  const replays = faults.filter((fault) => fault.kind === 'old outcome said again').length;
  const zero = 'be 0';
  return {
    rows: [
      { name: 'accepted', value: jobs.length, about: `of ${String(run.asked)}` },
      { name: 'requests refused or unanswered', value: run.refusedRequests, about: 'sent again' },
      { name: 'succeeded', value: state('succeeded').length },
      ...failures(state('failed')),
      { name: 'cancelled', value: state('cancelled').length },
      { name: 'attempts', value: sum(jobs.map((job) => job.record?.attempt ?? 0)) },
      { name: 'requeues, not counted', value: sum(jobs.map((job) => job.record?.requeues ?? 0)) },
      { name: 'retries, counted', value: sum(jobs.map((job) => job.record?.failures ?? 0)) },
      { name: 'faults', value: faults.length },
      { name: 'lost', value: lost.length, must: zero },
      { name: "lost with Redis's last second", value: forgotten.length },
      { name: 'outcomes recorded twice', value: twice.length, must: zero },
      { name: 'two jobs under one id', value: run.clashes, must: zero },
      { name: 'fenced results refused', value: run.fenced, ...(replays > 0 ? { must: 'be above 0' as const } : {}) },
      { name: 'event-log holes undeclared', value: sum(jobs.map(holesOf)), must: zero },
      { name: 'jobs run twice unfenced', value: unfenced.length, must: zero },
      { name: 'successes that are none', value: untrue.length, must: zero },
      { name: 'cancelled unasked', value: uncalled.length, must: zero },
      ...sessionRows(run, lost),
      { name: 'stuck until their deadline', value: late.length, must: zero },
      ...(run.podsLeft === undefined
        ? []
        : [{ name: 'pods and Secrets left', value: run.podsLeft, must: zero } as const]),
      { name: 'duration, s', value: Math.round(run.durationMs / 1_000) },
    ],
    recovery: recoveries(jobs, faults),
    slow: slowOnes(jobs, faults),
    findings: [
      ...[...new Set([...lost, ...twice, ...holed, ...unfenced, ...untrue, ...uncalled, ...late])].map(tellOf),
      ...run.sessions.flatMap((one) =>
        [...holesOfSession(one), ...overlapsOf(one)].map((what) => `${one.id}: ${what}`),
      ),
    ],
  };
}

/** Whether every figure is what it has to be. */
export function holds({ rows }: Report): boolean {
  return rows.every(({ must, value }) => must === undefined || (must === 'be 0' ? value === 0 : value > 0));
}

/** What became of the sessions and their turns. */
function sessionRows({ jobs, sessions }: Observed, lost: readonly SeenJob[]): readonly Row[] {
  const areTurns = (some: readonly SeenJob[]) => some.filter(({ accepted }) => accepted.session !== undefined).length;
  const must = 'be 0';
  return [
    { name: 'turns of sessions', value: areTurns(jobs), about: `in ${String(sessions.length)} sessions` },
    { name: 'turns lost', value: areTurns(lost), must },
    { name: 'two turns at once', value: sum(sessions.map((one) => overlapsOf(one).length)), must },
    { name: "holes in sessions' streams", value: sum(sessions.map((one) => holesOfSession(one).length)), must },
  ];
}

function failures(failed: readonly SeenJob[]): readonly Row[] {
  const codes = new Map<string, number>();
  for (const job of failed) {
    const code = job.record?.failure?.code ?? 'unknown';
    codes.set(code, (codes.get(code) ?? 0) + 1);
  }
  return [...codes].sort().map(([code, value]) => ({ name: `failed: ${code}`, value }));
}

function recoveries(jobs: readonly SeenJob[], faults: readonly Fault[]): readonly Recovery[] {
  const steps = jobs.flatMap(stepsOf).sort((a, b) => a - b);
  const byJob = new Map(jobs.map((job) => [job.accepted.id, stepsOf(job)]));
  const kinds = [...new Set(faults.map((fault) => fault.kind))].sort();
  return kinds.map((kind) => {
    const those = faults.filter((fault) => fault.kind === kind);
    return {
      kind,
      count: those.length,
      next: spread(those.map(({ at }) => after(steps, at))),
      own: spread(those.map(({ at, job }) => (job === undefined ? undefined : after(byJob.get(job) ?? [], at)))),
    };
  });
}

function slowOnes(jobs: readonly SeenJob[], faults: readonly Fault[]): readonly string[] {
  return faults.flatMap(({ kind, at, job }) => {
    const hit = jobs.find(({ accepted }) => accepted.id === job);
    const waited = hit === undefined ? undefined : after(stepsOf(hit), at);
    if (hit === undefined || waited === undefined || waited < slowMs) return [];
    return [`${kind} at ${new Date(at).toISOString().slice(11, 23)}: ${tellOf(hit)}`];
  });
}

/** When the job was assigned or over. */
function stepsOf({ events }: SeenJob): readonly number[] {
  return events.filter(({ type }) => type === 'job.assigned' || type === 'job.over').map(({ at }) => at);
}

function after(steps: readonly number[], at: number): number | undefined {
  const next = steps.find((step) => step > at);
  return next === undefined ? undefined : next - at;
}

function spread(values: readonly (number | undefined)[]): Spread {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)];
  const max = sorted.at(-1);
  return median === undefined || max === undefined ? {} : { median, max };
}

function tellOf(job: SeenJob): string {
  const { record, accepted, events } = job;
  const about = [
    `state ${record?.state ?? 'unknown'}`,
    `attempt ${String(record?.attempt)}`,
    `ends ${String(endsOf(job))}`,
    `holes ${String(holesOf(job))}`,
    ...(record?.failure ? [record.failure.code] : []),
    ...unfencedRunsOf(job),
    ...(job.text === undefined ? [] : [`text ${job.text.slice(0, 40)}`]),
    `notes [${job.notes.join(' ')}]`,
    ...events.map(
      ({ at, id, type, attempt }) =>
        `\n    ${String(id)} ${new Date(at).toISOString().slice(11, 23)} ${type} #${String(attempt)}`,
    ),
  ];
  return `${accepted.id} (${String(accepted.n)}): ${about.join(', ')}`;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
