import type { JobEvent, JobRecord, JobResult, JobSpec, JobState, JobTimes, Usage } from '@remuda/domain';
import type { Dated, IsoTime } from './dated.js';

/** Path of the jobs. */
export const jobsPath = '/api/v1/jobs';

/** A job as a client submits it: everything except the prompt has a default (docs/api.md). */
export type JobRequest = Pick<JobSpec, 'prompt'> &
  Partial<Omit<JobSpec, 'prompt' | 'runAt' | 'workspace' | 'secrets'>> & {
    readonly workspace?: JobSpec['workspace'] | 'empty';
    /** Minimum delay before it starts, in ms; alternative to `runAt`. */
    readonly delayMs?: number;
    /** Earliest start: ISO 8601, or epoch ms. */
    readonly runAt?: IsoTime | number;
    /** Environment of its tools. */
    readonly secrets?: readonly string[] | Readonly<Record<string, string>>;
  };

/** Fields of a record that its view omits, or has in another form. */
type Inner = 'spec' | 'lease' | 'snapshot' | 'keptArtifacts' | 'origin' | 'times' | 'tenant';

/** The state of a job and its submitted fields, except the prompt. Lease token and snapshots are internal. */
export type JobView = Dated<Omit<JobRecord, Inner>, 'wakeAt' | 'cancelRequestedAt'> &
  Dated<JobRecord['spec'], 'runAt'> & {
    readonly times: Dated<JobTimes, keyof JobTimes>;
    /** Position among its tenant's jobs of the profile from 1, while it waits in the queue. */
    readonly queuePosition?: number;
    /** When it probably starts; absent where too little is known. */
    readonly estimatedStartAt?: string;
    /** Its tenant is at a limit, so that none of its jobs starts at the moment. */
    readonly limited?: true;
  };

/** A page of jobs, newest first. */
export interface JobPageView {
  readonly jobs: readonly JobView[];
  /** Pass it as `cursor` to get the next page; absent on the last page. */
  readonly nextCursor?: string;
  /** The database could not be asked: jobs that have left Redis are missing. */
  readonly incomplete?: true;
}

/** What the jobs that ended on one day have spent. */
export interface DayUsageView {
  /** In UTC: `2026-11-29`. */
  readonly day: string;
  readonly label?: string;
  readonly jobs: number;
  readonly usage: Usage;
  /** US dollars. */
  readonly costUsd: number;
}

/** What was spent, by day. */
export interface UsageView {
  readonly from: string;
  readonly to: string;
  readonly days: readonly DayUsageView[];
}

/** An accepted job. */
export interface AcceptedJobView {
  readonly id: string;
  readonly state: JobState;
  readonly url: string;
  readonly events: string;
}

/** Jobs that were accepted together, in the order of the request. */
export interface AcceptedBatchView {
  readonly jobs: readonly AcceptedJobView[];
}

/** The result of a job that is over: for a failed or cancelled one, as much as there is, with the reason. */
export type JobResultView = Pick<JobRecord, 'id' | 'state' | 'failure'> & Partial<JobResult>;

/** A job that ended while its client waited, with its result. */
export type JobWithResultView = JobView & { readonly result?: JobResult };

/** A page of a job's events. */
export interface EventPageView {
  readonly events: readonly JobEvent[];
  /** Pass it as `after` to get the next page. */
  readonly next: number;
  /** Whether the job is over and this page reaches its last event. */
  readonly complete: boolean;
}
