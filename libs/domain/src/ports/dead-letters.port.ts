import type { FailureCode } from '../errors.js';
import type { FailureClass } from '../jobs/failure-class.js';
import type { Ended, Failure, JobRecord, JobRef, Start, Usage } from '../jobs/job.js';

/** An attempt that ended without success. Times are epoch ms. */
export interface EndedAttempt {
  readonly attempt: number;
  readonly worker: string;
  readonly claimedAt: number;
  /** Absent if its worker never reported that it began. */
  readonly startedAt?: number;
  readonly endedAt: number;
  readonly start?: Start;
  readonly failure: Failure;
  /** The last text of an attempt whose worker could no longer report, if any. */
  readonly lastText?: string;
  /** If its container had to be removed: the proof that none of its processes is left. */
  readonly ended?: Ended;
  /** What it has spent, as counted by the bridge when it ended. */
  readonly usage?: Usage;
  readonly costUsd?: number;
}

/** Selects dead letters; all of them if empty. */
export interface DeadLetterFilter {
  readonly tenant?: string;
  readonly profile?: string;
  readonly code?: FailureCode;
  readonly class?: FailureClass;
}

/** Selects and pages a list of dead letters, most recent failure first. */
export interface DeadLetterQuery extends DeadLetterFilter {
  /** The `nextCursor` of an earlier page. */
  readonly cursor?: string;
  /** 1 to 500. */
  readonly limit: number;
}

/** Outcome of a redrive, for one job. */
export type Redriven =
  | { readonly kind: 'redriven' }
  /** There is no such job. */
  | { readonly kind: 'unknown' }
  /** It cannot be redriven: it has not failed (any more), or its data is no longer kept. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Only the archive has it. It can be submitted once more, as another job. */
  | { readonly kind: 'archived'; readonly job: JobRecord; readonly prompt: string };

/**
 * Failed jobs that need a person, and their attempts. Every call rejects with `redis.unavailable` while the store does
 * not answer.
 */
export interface DeadLetters {
  /** A job's attempts that ended without success, oldest first. */
  attempts(job: JobRef): Promise<readonly EndedAttempt[]>;
  /** Rejects with `cursor.invalid` for a cursor that is not ours. */
  list(query: DeadLetterQuery): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextCursor?: string }>;
  /** Queues a failed job again, with a fresh allowance of attempts. A second call is refused. */
  redrive(job: JobRef): Promise<Redriven>;
}
