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

/** A failed job that waits for a person. */
export type DeadLetterView = JobView & { readonly class: FailureClass };

/** A failed job that waits for a person, with all that is known of why. */
export type DeadLetterInFullView = DeadLetterView & { readonly history: readonly EndedAttemptView[] };

/** A page of dead letters, those that failed last first. */
export interface DeadLetterPageView {
  readonly deadLetters: readonly DeadLetterView[];
  /** To be given as `cursor` for the next page; absent on the last one. */
  readonly nextCursor?: string;
}

/** What a redrive came to, for one job. */
export interface RedriveOutcomeView {
  readonly id: string;
  readonly redriven: boolean;
  /** Why it was not. */
  readonly code?: 'job.unknown' | 'job.not_redrivable';
  readonly detail?: string;
}

/** What a redrive of many came to, in the order of the request. */
export interface RedriveOutcomesView {
  readonly outcomes: readonly RedriveOutcomeView[];
  /** Whether more dead letters fit the filter. */
  readonly more: boolean;
}
