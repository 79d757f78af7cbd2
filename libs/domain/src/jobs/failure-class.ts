import type { FailureCode } from '../errors.js';
import type { Failure, JobRecord } from './job.js';

/** Every class of failure. */
export const failureClasses = ['infrastructure', 'model', 'limit', 'user', 'cancelled', 'timed_out', 'hung'] as const;

/** What caused a failure, which determines what can be done about it. */
export type FailureClass = (typeof failureClasses)[number];

/** The delay before the next attempt, in ms: it doubles with every counted failure of the job up to `capMs`. */
export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
  /** Up to this share is added, so that jobs that failed together are not retried together. */
  readonly jitter: number;
}

/** The class of a failure, and what follows. */
export interface FailureRule {
  readonly class: FailureClass;
  /** Whether the job is retried automatically. */
  readonly retry: boolean;
  /**
   * Whether that uses up one of the job's `attempts`. Uncounted retries are not the job's fault, and limited by
   * `maxRequeues`.
   */
  readonly counted: boolean;
  /** Requested by an operator: not counted and not limited. */
  readonly planned?: true;
  /** Absent: at once. */
  readonly backoff?: Backoff;
  /** Maximum number of retries after this code per job. */
  readonly most?: number;
  /** What the next attempt does if the session is available: continues it, or runs the prompt again. */
  readonly again: 'resume' | 'restart';
}

const backoff = (firstMs: number): Backoff => ({ firstMs, capMs: 300_000, jitter: 0.2 });

/** A retry would fail the same way. */
const user: FailureRule = { class: 'user', retry: false, counted: true, again: 'restart' };
/** Our fault, not the job's: it is requeued at once without losing an attempt. */
const ours: FailureRule = { class: 'infrastructure', retry: true, counted: false, again: 'resume' };
const crash: FailureRule = { ...ours, counted: true, backoff: backoff(1_000) };
const model = (firstMs: number): FailureRule => ({
  ...{ class: 'model', retry: true, counted: true, again: 'resume' },
  backoff: backoff(firstMs),
});

const rules = {
  internal: { ...ours, retry: false, counted: true, again: 'restart' },
  'job.cancelled': { class: 'cancelled', retry: false, counted: true, again: 'restart' },
  'job.expired': { class: 'timed_out', retry: false, counted: true, again: 'restart' },
  'job.timed_out': { class: 'timed_out', retry: false, counted: true, again: 'resume' },
  'job.impossible': user,
  'job.looping': user,
  'job.secrets_gone': user,
  'job.secret_unknown': user,
  'job.secrets_unavailable': { ...crash, again: 'restart', backoff: backoff(5_000) },
  'worker.lost': ours,
  'worker.drained': { ...ours, planned: true },
  'worker.incompatible': ours,
  'container.start_failed': { ...ours, again: 'restart' },
  'engine.start_failed': { ...ours, retry: false, counted: true, again: 'restart' },
  'engine.not_running': { ...ours, retry: false, counted: true, again: 'restart' },
  'engine.crashed': crash,
  'engine.unresponsive': crash,
  'engine.hung': { ...crash, class: 'hung', most: 1 },
  'engine.out_of_memory': crash,
  'engine.session_broken': { ...ours, most: 1, again: 'restart' },
  'session.lost': { ...crash, again: 'restart', backoff: backoff(5_000) },
  'workspace.failed': user,
  'workspace.unavailable': { ...crash, again: 'restart', backoff: backoff(5_000) },
  'turns.exhausted': { ...user, again: 'resume' },
  'budget.exhausted': { ...user, again: 'resume' },
  'result.schema_mismatch': user,
  'result.schema_refused': user,
  'model.authentication': user,
  'model.billing': user,
  'model.rate_limited': model(10_000),
  // Only with `onLimit: wait`, and then when the limit is lifted.
  'model.limit_reached': { class: 'limit', retry: true, counted: false, most: 20, again: 'resume' },
  'model.overloaded': model(5_000),
  'model.unreachable': model(5_000),
  'model.refused': user,
  'model.invalid_request': user,
} as const satisfies Record<FailureCode, FailureRule>;

/** The rule for a failure code. */
export function failureRule(code: FailureCode): FailureRule {
  return rules[code];
}

/** Uncounted requeues need a limit to avoid a loop: after this many the job fails with the last reason. */
export const maxRequeues = 5;

/** The longest wait for a usage limit to be lifted, in ms: a week is the longest limit that exists. */
export const maxLimitWaitMs = 8 * 86_400_000;
/** Jobs that waited for the same limit are spread over this time, in ms. */
const limitSpreadMs = 5_000;

/** Which counter of the record a requeue raises. */
export type UsageMeter = 'failures' | 'requeues';

/** What to do with a job whose attempt failed. */
export type AfterFailure =
  { readonly kind: 'over' } | { readonly kind: 'requeue'; readonly usage?: UsageMeter; readonly wakeAt?: number };

/** The fields of a job's record that decide what follows a failure. */
export type Tried = Pick<JobRecord, 'id' | 'failures' | 'requeues' | 'retried' | 'spec'>;

/** Decides, from the record before the failure and the time, whether the job is over or requeued. */
export function afterFailure(job: Tried, failure: Failure, now: number): AfterFailure {
  const rule = failureRule(failure.code);
  const { retry, counted, most = Infinity } = rule;
  if (!retry || (job.retried?.[failure.code] ?? 0) >= most) return { kind: 'over' };
  if (rule.planned) return { kind: 'requeue' };
  if (rule.class === 'limit') return afterLimit(job, failure, now);
  if (counted ? job.failures + 1 >= job.spec.attempts : job.requeues >= maxRequeues) return { kind: 'over' };
  const usage = counted ? 'failures' : 'requeues';
  if (!rule.backoff) return { kind: 'requeue', usage };
  return { kind: 'requeue', usage, wakeAt: now + pauseMs(rule.backoff, job.failures, chanceOf(job)) };
}

/** Waiting for a limit to be lifted is nobody's fault: it only raises the counter of the code's retries. */
function afterLimit(job: Tried, { resetAt = Infinity }: Failure, now: number): AfterFailure {
  if (job.spec.onLimit !== 'wait' || resetAt - now > maxLimitWaitMs) return { kind: 'over' };
  return { kind: 'requeue', wakeAt: Math.max(now, resetAt) + Math.round(limitSpreadMs * chanceOf(job)) };
}

/**
 * The delay after a job's counted failure, given the number of earlier ones; `chance` from 0 to 1 determines the
 * jitter.
 */
export function pauseMs({ firstMs, capMs, jitter }: Backoff, failures: number, chance: number): number {
  const pause = Math.min(firstMs * 2 ** failures, capMs);
  return Math.min(capMs, Math.round(pause * (1 + jitter * chance)));
}

/** A reproducible pseudo-random number from 0 to 1 for each retry of each job. */
function chanceOf({ id, failures }: Pick<JobRecord, 'id' | 'failures'>): number {
  let hash = 0x811c9dc5;
  for (const character of `${id} ${String(failures)}`)
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return (hash >>> 0) / 2 ** 32;
}
