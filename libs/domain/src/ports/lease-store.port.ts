import type { EgressCredential } from '../addresses/egress-credentials.js';
import type { Again } from '../jobs/again.js';
import type { UsageMeter } from '../jobs/failure-class.js';
import type { Failure, JobRecord, JobResult, Start } from '../jobs/job.js';
import type { JobState, OverState } from '../jobs/job-state.js';
import type { ServerTool } from '../pools/server-tool.js';
import type { TenantLimit } from '../tenants/tenant-rule.js';
import type { EndedAttempt } from './dead-letters.port.js';
import type { SecretReceiver } from './secret-seal.port.js';

/** A job's record and its prompt. */
export interface FoundJob {
  readonly job: JobRecord;
  readonly prompt: string;
}

/** A claimed job on its way to a worker. */
export interface Claim extends SecretReceiver {
  /** The lock under which the job was taken from its queue: assigning the same claim twice gives one assignment. */
  readonly held: { readonly lock: string };
  /** The scheduler that claimed it; the worker must be its own. */
  readonly scheduler: string;
  readonly job: JobRecord;
  readonly prompt: string;
  readonly start: Start;
  /** How a repeated attempt begins. */
  readonly again?: Again;
  /** Models that the attempt may request. */
  readonly models: readonly string[];
  /** What the model API may do for the attempt in addition to answering. Default: nothing. */
  readonly serverTools?: readonly ServerTool[];
  /** Hosts that the attempt may reach through the bridge, as in `JobRights`. Default: none. */
  readonly egress?: readonly string[];
  /** Credentials that the bridge adds to its requests. Default: none. */
  readonly egressCredentials?: readonly EgressCredential[];
  /** Name of the bridge grant (sha256 of its token in hex) that the worker requested. Default: a new one. */
  readonly grant?: string;
}

/**
 * Outcome of an assignment. `state`: the job is no longer queued. `worker`: the worker is not idle. `cordoned`: the
 * worker takes no jobs. `halted`: the profile's jobs may not start. `elsewhere`: the worker belongs to another
 * scheduler. `limited`: the job's tenant has reached a limit, and its jobs wait until one of them has ended.
 */
export type Assigned =
  | { readonly kind: 'assigned'; readonly lease: number; readonly attempt: number; readonly grant: string }
  | { readonly kind: 'state'; readonly state: JobState | '' }
  | { readonly kind: 'limited'; readonly limit: TenantLimit }
  | { readonly kind: 'worker' | 'cordoned' | 'halted' | 'elsewhere' };

/** What is known about an attempt whose worker could no longer report. */
export type LastOfAttempt = Pick<EndedAttempt, 'lastText' | 'ended'>;

/** The lease that ends, and what is known about its attempt. */
export interface HeldLease {
  readonly job: string;
  readonly worker: string;
  readonly lease: number;
  /** Name of the lease's bridge grant, if known. */
  readonly grant?: string;
  /** When the worker began the attempt (epoch ms), if that is not recorded yet. */
  readonly startedAt?: number;
  readonly last?: LastOfAttempt;
}

/** How an attempt ends in the job's record: the job is over, or requeued, from `wakeAt` on (epoch ms). */
export type Ending =
  | {
      readonly state: OverState;
      readonly failure?: Failure;
      readonly result?: JobResult;
      /** A turn whose snapshot is still to be taken: its session goes on once `endKeeping` says what came of it. */
      readonly keeps?: boolean;
    }
  | { readonly state: 'queued'; readonly failure: Failure; readonly usage?: UsageMeter; readonly wakeAt?: number };

/** The relay's position in a worker's stream before and after this step. */
export interface CursorMove {
  readonly before: string;
  readonly after: string;
}

/**
 * Outcome of settling. `fenced`: the lease is not the current one, and nothing changed. `elsewhere`: nothing changed
 * either, because the relay's cursor is not at the expected position. `cancelled`: nor here, because a job with a
 * cancel request is not requeued.
 */
export type Settled =
  | { readonly kind: 'settled'; readonly firstTokenAt?: number }
  | { readonly kind: 'fenced' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'cancelled' };

/**
 * The leases of jobs. Only the holder of a job's current lease writes its record; this is the only way to get or end
 * one. Every call rejects with `redis.unavailable` while the store does not answer.
 */
export interface LeaseStore {
  /** Gives a claimed job to an idle worker: a new lease and attempt begin. Idempotent for the same claim. */
  assign(claim: Claim, worker: string): Promise<Assigned>;
  /**
   * Ends an attempt: the job is over or requeued, and its bridge grant is revoked. With `cursor`, the relay's position
   * moves in the same step.
   */
  settle(held: HeldLease, ending: Ending, cursor?: CursorMove): Promise<Settled>;
  /**
   * The snapshot of a turn that is over was stored, or cannot be had, for the reason `lost`, as a sentence: its session goes on, from this
   * snapshot or from what was kept before, and its next turn begins. With `cursor`, the relay's position moves in the same step.
   * `ignored`: nothing waits for it (any more). `elsewhere`: as for `settle`.
   */
  endKeeping(
    kept: Pick<HeldLease, 'job' | 'worker' | 'lease'>,
    lost?: string,
    cursor?: CursorMove,
  ): Promise<'ended' | 'ignored' | 'elsewhere'>;
  /** Ends a queued job that no worker has, and removes it from its queue; false if it is no longer queued. */
  failQueued(id: string, failure: Failure): Promise<boolean>;
  /** A job's record, without the model's times, and its prompt. */
  read(id: string): Promise<FoundJob | undefined>;
  /** The lock under which a held job was claimed, for a scheduler that takes it over. */
  lockOf(id: string): Promise<string | undefined>;
  /** Records the lock under which a held job was claimed again. */
  adoptLock(id: string, lock: string): Promise<void>;
  /** When the usage limit that the job's latest attempt reached is lifted (epoch ms), as seen by the bridge. */
  limitResetAt(id: string): Promise<number | undefined>;
  /** The last text of the job's current attempt; '' if none. */
  lastText(job: Pick<JobRecord, 'id' | 'attempt'>): Promise<string>;
  /** Jobs whose cancel was requested and that are not over. */
  cancelled(): Promise<readonly string[]>;
}
