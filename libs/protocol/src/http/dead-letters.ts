import type { EndedAttempt, FailureClass } from '@remuda/domain';
import type { Dated } from './dated.js';
import type { JobView } from './jobs.js';

/** An attempt that ended without success. */
export type EndedAttemptView = Dated<EndedAttempt, 'claimedAt' | 'startedAt' | 'endedAt'> & {
  /** Who or what caused the failure. */
  readonly class: FailureClass;
  /** HTTP status to use when passing the failure on. */
  readonly status: number;
};

/** The attempts of a job that ended without success, oldest first. */
export interface AttemptsView {
  readonly attempts: readonly EndedAttemptView[];
}

/** A failed job that needs a person. */
export type DeadLetterView = JobView & { readonly class: FailureClass };

/** A failed job that needs a person, with everything known about the cause. */
export type DeadLetterInFullView = DeadLetterView & { readonly history: readonly EndedAttemptView[] };

/** A page of dead letters, most recent failure first. */
export interface DeadLetterPageView {
  readonly deadLetters: readonly DeadLetterView[];
  /** Pass it as `cursor` to get the next page; absent on the last page. */
  readonly nextCursor?: string;
}

/** Outcome of a redrive, for one job. */
export interface RedriveOutcomeView {
  readonly id: string;
  readonly redriven: boolean;
  /** Only the database had the job: id of the job as which it was submitted once more. */
  readonly as?: string;
  /** Why the job was not redriven. */
  readonly code?: 'job.unknown' | 'job.not_redrivable';
  readonly detail?: string;
}

/** Outcomes of a bulk redrive, in the order of the request. */
export interface RedriveOutcomesView {
  readonly outcomes: readonly RedriveOutcomeView[];
  /** Whether more dead letters match the filter. */
  readonly more: boolean;
}
