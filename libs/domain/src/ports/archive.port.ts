import type { EventBatch } from '../jobs/event-batch.js';
import type { JobRecord, JobRef, JobResult, Usage } from '../jobs/job.js';
import type { OverState } from '../jobs/job-state.js';
import type { EndedAttempt } from './dead-letters.port.js';
import type { SessionTurn } from '../sessions/session-event.js';
import type { SessionRef } from '../sessions/session.js';
import type { EventPage, JobQuery } from './job-store.port.js';

/** A job that is over, with everything that is kept of it. */
export interface ArchivedJob {
  readonly job: JobRecord;
  readonly prompt: string;
  readonly result?: JobResult;
  /** Its attempts that ended without success, oldest first. */
  readonly attempts: readonly EndedAttempt[];
  /** Its events, in their order; those before the first one stay as they were kept earlier. */
  readonly events: readonly EventBatch[];
}

/** The end of a job, as Redis has it. */
export interface KnownEnd extends JobRef {
  /** Epoch ms. */
  readonly overAt: number;
}

/** Where a list of jobs continues: below this time of submission, and among equal times below this id. */
export interface JobPlace {
  readonly at: number;
  readonly id: string;
}

/** Selects jobs that are over, newest first. */
export interface ArchiveQuery extends Omit<JobQuery, 'tenant' | 'cursor'> {
  readonly tenant: string;
  readonly below?: JobPlace;
}

/** Selects what is added up. */
export interface UsageQuery {
  readonly tenant: string;
  /** First and last day, in UTC: `2026-11-29`. */
  readonly from: string;
  readonly to: string;
  /** Name of a label: then each of its values has figures of its own. */
  readonly label?: string;
}

/** What the jobs that ended on one day have spent. */
export interface DayUsage {
  /** In UTC: `2026-11-29`. */
  readonly day: string;
  /** The label's value; absent for jobs without the label, and if no label was asked for. */
  readonly label?: string;
  readonly jobs: number;
  readonly usage: Usage;
  readonly costUsd: number;
}

/** How long jobs are kept, in ms after their end, by their state; for ever if absent. */
export interface ArchiveRules {
  readonly jobMs: Readonly<Partial<Record<OverState, number>>>;
  /** Prompt, result, events and attempts, which may go before the bare record. */
  readonly contentMs: Readonly<Partial<Record<OverState, number>>>;
}

/**
 * The history of jobs: those that are over, for as long as the rules say. Another tenant's job is as unknown as one
 * that does not exist. Every call rejects with `store.unavailable` while the database does not answer, takes no writes
 * or has no room, and with `store.newer` if a later release has changed its schema.
 */
export interface JobArchive {
  /**
   * Keeps all jobs as they are now, or none: whatever was kept of a job before is replaced. Safe to repeat. Adds to
   * what was spent.
   */
  keep(jobs: readonly ArchivedJob[]): Promise<void>;
  /** Those of these ends that the archive does not have. */
  missing<T extends KnownEnd>(ends: readonly T[]): Promise<readonly T[]>;
  find(job: JobRef): Promise<JobRecord | undefined>;
  list(query: ArchiveQuery): Promise<readonly JobRecord[]>;
  /** Undefined if there is none, or if it is no longer kept. */
  result(job: JobRef): Promise<JobResult | undefined>;
  /** Undefined if it is no longer kept. */
  prompt(job: JobRef): Promise<string | undefined>;
  attempts(job: JobRef): Promise<readonly EndedAttempt[]>;
  /** Turns of a session that are over, with a number above `after`, in order, at most `limit`. */
  turns(session: SessionRef, after: number, limit: number): Promise<readonly SessionTurn[]>;
  /** As `EventLog.page`; every stream here has ended. */
  events(job: JobRef, after: number, limit: number): Promise<EventPage>;
  /** By day, and within it by the label's values. */
  usage(query: UsageQuery): Promise<readonly DayUsage[]>;
  /**
   * Removes what is due at `now` (epoch ms), at most some hundred jobs of each state; returns their number. `beforeRecords` is told of
   * jobs whose records are about to go, and may be so again: if it rejects, they stay, and so does this.
   */
  forget(
    rules: ArchiveRules,
    now: number,
    beforeRecords?: (jobs: readonly JobRecord[]) => Promise<void>,
  ): Promise<number>;
}
