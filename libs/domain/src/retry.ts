import type { ErrorCode } from './errors.js';
import type { Failure, JobRecord } from './job.js';

/** What a failure costs: whether the job is tried again, and whether that uses up one of its attempts. */
export interface RetryRule {
  readonly retry: boolean;
  readonly counted: boolean;
  /** First backoff in ms; it doubles with every further failure up to `maxBackoffMs`. */
  readonly backoffMs: number;
}

const final: RetryRule = { retry: false, counted: true, backoffMs: 0 };
const counted = (backoffMs: number): RetryRule => ({ retry: true, counted: true, backoffMs });
/** Ours, not the job's: it goes back at once and loses no attempt. */
const uncounted: RetryRule = { retry: true, counted: false, backoffMs: 0 };

/** The codes with which an attempt can end, and what follows. Codes that are not here are final. */
const rules: Partial<Record<ErrorCode, RetryRule>> = {
  'worker.lost': uncounted,
  'container.start_failed': uncounted,
  'engine.crashed': counted(1_000),
  'engine.unresponsive': counted(1_000),
  'engine.hung': counted(1_000),
  'model.rate_limited': counted(10_000),
  'model.overloaded': counted(5_000),
  'model.unreachable': counted(5_000),
};

/** An uncounted requeue is a loop if nothing ends it: after so many the job fails with the last reason. */
export const maxRequeues = 5;
const maxBackoffMs = 300_000;

/** The rule for a failure's code. */
export function retryRule(code: ErrorCode): RetryRule {
  return rules[code] ?? final;
}

/** What to do with a job whose attempt failed. */
export type AfterFailure =
  { readonly kind: 'over' } | { readonly kind: 'requeue'; readonly counted: boolean; readonly wakeAt?: number };

/** Decides, from the record before the failure and the time, whether the job is over or goes back to the queue. */
export function afterFailure(
  job: Pick<JobRecord, 'failures' | 'requeues' | 'spec'>,
  failure: Failure,
  now: number,
): AfterFailure {
  const rule = retryRule(failure.code);
  if (!rule.retry) return { kind: 'over' };
  if (!rule.counted) return job.requeues < maxRequeues ? { kind: 'requeue', counted: false } : { kind: 'over' };
  if (job.failures + 1 >= job.spec.attempts) return { kind: 'over' };
  const delay = Math.min(rule.backoffMs * 2 ** job.failures, maxBackoffMs);
  return { kind: 'requeue', counted: true, wakeAt: now + delay };
}
