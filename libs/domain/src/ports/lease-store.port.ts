import type { Again } from '../jobs/again.js';
import type { UsageMeter } from '../jobs/failure-class.js';
import type { Failure, JobRecord, JobResult, Start } from '../jobs/job.js';
import type { JobState, OverState } from '../jobs/job-state.js';
import type { ServerTool } from '../pools/server-tool.js';
import type { EndedAttempt } from './dead-letters.port.js';

/** A job as its record has it, and what it is to do. */
export interface FoundJob {
  readonly job: JobRecord;
  readonly prompt: string;
}

/** A claimed job on its way to a worker. */
export interface Claim {
  /** The lock under which the job was taken from its queue: the same claim assigned twice is one assignment. */
  readonly held: { readonly lock: string };
  /** The scheduler that claimed it; the worker must be its own. */
  readonly scheduler: string;
  readonly job: JobRecord;
  readonly prompt: string;
  readonly start: Start;
  /** How the attempt begins, where it is not the first one. */
  readonly again?: Again;
  /** Models that the attempt may ask for. */
  readonly models: readonly string[];
  /** What the model's side may do for the attempt besides answering. Default: nothing. */
  readonly serverTools?: readonly ServerTool[];
  /** Name of the bridge grant (sha256 of its token in hex) that the worker wants. Default: one is made. */
  readonly grant?: string;
}

/**
 * What an assignment came to. `state`: the job is no longer queued. `worker`: the worker is not idle. `cordoned`: the worker takes
 * no jobs. `halted`: the profile's jobs may not start. `elsewhere`: the worker belongs to another scheduler.
 */
export type Assigned =
  | { readonly kind: 'assigned'; readonly lease: number; readonly attempt: number; readonly grant: string }
  | { readonly kind: 'state'; readonly state: JobState | '' }
  | { readonly kind: 'worker' | 'cordoned' | 'halted' | 'elsewhere' };

/** What is known of an attempt whose worker could not report any more. */
export type LastOfAttempt = Pick<EndedAttempt, 'lastText' | 'ended'>;

/** The lease that ends, and what is known of its attempt. */
export interface HeldLease {
  readonly job: string;
  readonly worker: string;
  readonly lease: number;
  /** Name of the lease's bridge grant, where it is known. */
  readonly grant?: string;
  /** When the worker began the attempt (epoch ms), where that was not written before. */
  readonly startedAt?: number;
  readonly last?: LastOfAttempt;
}

/** How an attempt ends in the job's record: the job is over, or queued again, from `wakeAt` on (epoch ms). */
export type Ending =
  | { readonly state: OverState; readonly failure?: Failure; readonly result?: JobResult }
  | { readonly state: 'queued'; readonly failure: Failure; readonly usage?: UsageMeter; readonly wakeAt?: number };

/** Where the relay stood in a worker's stream before this step, and where it stands after it. */
export interface CursorMove {
  readonly before: string;
  readonly after: string;
}

/**
 * What settling came to. `fenced`: the lease is not the current one, and nothing changed. `elsewhere`: neither did anything, since
 * the relay's cursor is not where it was believed to be. `cancelled`: nor here, since a job whose cancel was requested is not
 * queued again.
 */
export type Settled =
  | { readonly kind: 'settled'; readonly firstTokenAt?: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'cancelled' };

/**
 * The leases of jobs. Whoever holds a job's current lease writes its record; this is the only way to get one and to end one. Every
 * call rejects with `redis.unavailable` while the store does not answer.
 */
export interface LeaseStore {
  /** Gives a claimed job to an idle worker: a new lease and attempt begin. Asked again with the same claim, answers the same. */
  assign(claim: Claim, worker: string): Promise<Assigned>;
  /** Ends an attempt: the job is over or queued again, and its bridge grant is gone. With `cursor`, the relay moves in the same step. */
  settle(held: HeldLease, ending: Ending, cursor?: CursorMove): Promise<Settled>;
  /** Ends a queued job that no worker has, and takes it out of its queue; false when it is no longer queued. */
  failQueued(id: string, failure: Failure): Promise<boolean>;
  /** A job's record, without the model's times, and its prompt. */
  read(id: string): Promise<FoundJob | undefined>;
  /** The lock under which a held job was claimed, for a scheduler that takes it over. */
  lockOf(id: string): Promise<string | undefined>;
  /** Notes under which lock a held job was claimed again. */
  adoptLock(id: string, lock: string): Promise<void>;
  /** When the usage limit ends that the job's latest attempt met (epoch ms), as the bridge saw it. */
  limitResetAt(id: string): Promise<number | undefined>;
  /** What the job's current attempt said last; '' where it said nothing. */
  lastText(job: Pick<JobRecord, 'id' | 'attempt'>): Promise<string>;
  /** Jobs whose cancel was requested and that are not over. */
  cancelled(): Promise<readonly string[]>;
}
