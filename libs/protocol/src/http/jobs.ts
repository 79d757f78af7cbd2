import type { JobEvent, JobRecord, JobResult, JobSpec, JobState, JobTimes } from '@remuda/domain';
import type { Dated, IsoTime } from './dated.js';

/** Where jobs are found. */
export const jobsPath = '/api/v1/jobs';

/** A job as its client writes it: all but the prompt has a default (docs/api.md). */
export type JobRequest = Pick<JobSpec, 'prompt'> &
  Partial<Omit<JobSpec, 'prompt' | 'runAt' | 'workspace' | 'secrets'>> & {
    readonly workspace?: JobSpec['workspace'] | 'empty';
    /** Starts no sooner than after so long, in ms; or `runAt`. */
    readonly delayMs?: number;
    /** Starts no sooner than this: ISO 8601, or epoch ms. */
    readonly runAt?: IsoTime | number;
    /** Environment of its tools. */
    readonly secrets?: Readonly<Record<string, string>>;
  };

/** What of a record its view leaves out, or has in another shape. */
type Inner = 'spec' | 'lease' | 'snapshot' | 'times' | 'tenant' | 'session';

/** What became of a job, and what was asked for but for its prompt. Lease token and snapshot stay inside. */
export type JobView = Dated<Omit<JobRecord, Inner>, 'wakeAt' | 'cancelRequestedAt'> &
  Dated<JobRecord['spec'], 'runAt'> & {
    readonly times: Dated<JobTimes, keyof JobTimes>;
    /** Place in its queue from 1, while it waits there. */
    readonly queuePosition?: number;
  };

/** A page of jobs, newest first. */
export interface JobPageView {
  readonly jobs: readonly JobView[];
  /** To be given as `cursor` for the next page; absent on the last one. */
  readonly nextCursor?: string;
}

/** A job that was taken in. */
export interface AcceptedJobView {
  readonly id: string;
  readonly state: JobState;
  readonly url: string;
  readonly events: string;
}

/** Jobs that were taken in together, in the order of the request. */
export interface AcceptedBatchView {
  readonly jobs: readonly AcceptedJobView[];
}

/** The result of a job that is over: of one that failed or was cancelled, as much as there is, with the reason. */
export type JobResultView = Pick<JobRecord, 'id' | 'state' | 'failure'> & Partial<JobResult>;

/** A job that ended while its client waited, with its result. */
export type JobWithResultView = JobView & { readonly result?: JobResult };

/** A stretch of a job's events. */
export interface EventPageView {
  readonly events: readonly JobEvent[];
  /** To be given as `after` for the next page. */
  readonly next: number;
  /** Whether the job is over and this page reaches its last event. */
  readonly complete: boolean;
}
