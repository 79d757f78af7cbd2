import type { FailureCode } from '../errors.js';
import type { FailureClass } from '../jobs/failure-class.js';
import type { Ended, Failure, JobRecord, JobRef, Start, Usage } from '../jobs/job.js';

/** An attempt that ended without success. Times are epoch ms. */
export interface EndedAttempt {
  readonly attempt: number;
  readonly worker: string;
  readonly claimedAt: number;
  /** Absent where its worker never said that it began. */
  readonly startedAt?: number;
  readonly endedAt: number;
  readonly start?: Start;
  readonly failure: Failure;
  /** Of one whose worker could not report any more: what it said last, where it said something. */
  readonly lastText?: string;
  /** Of one whose container had to be removed: the proof that nothing of it goes on. */
  readonly ended?: Ended;
  /** What it has spent, as far as the bridge had counted it when it ended. */
  readonly usage?: Usage;
  readonly costUsd?: number;
}

/** Which dead letters are meant; all of them where nothing is said. */
export interface DeadLetterFilter {
  readonly tenant?: string;
  readonly profile?: string;
  readonly code?: FailureCode;
  readonly class?: FailureClass;
}

/** Which dead letters a list shows, those that failed last first. */
export interface DeadLetterQuery extends DeadLetterFilter {
  /** From an earlier page's `nextCursor`. */
  readonly cursor?: string;
  /** 1 to 500. */
  readonly limit: number;
}

/** What a redrive came to, for one job. */
export type Redriven =
  | { readonly kind: 'redriven' }
  /** There is no such job. */
  | { readonly kind: 'unknown' }
  /** It can't be: it has not failed (any more), or what it needs is no longer held. */
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Jobs that failed and wait for a person, and what is known of their attempts. Every call rejects with
 * `redis.unavailable` while the store does not answer.
 */
export interface DeadLetters {
  /** A job's attempts that ended without success, the oldest first. */
  attempts(job: JobRef): Promise<readonly EndedAttempt[]>;
  /** Rejects with `cursor.invalid` for a cursor that is not ours. */
  list(query: DeadLetterQuery): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextCursor?: string }>;
  /** Queues a failed job once more, with a fresh allowance of attempts. Asked twice, the second one is refused. */
  redrive(job: JobRef): Promise<Redriven>;
}
