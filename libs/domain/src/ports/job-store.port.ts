import type { JobEvent } from '../jobs/event.js';
import type { JobRecord, JobRef, JobResult, JobSpec } from '../jobs/job.js';
import type { Halt } from '../jobs/halt.js';
import type { Secrets } from '../jobs/secrets.js';
import type { JobState } from '../jobs/job-state.js';
import type { WarmTarget } from '../pools/warm-target.js';
import type { WorkerPhase } from '../pools/worker-phase.js';
import type { AbortSignalLike } from './clock.port.js';

/** A job to be taken in, with the id that it will have. */
export interface NewJob {
  readonly id: string;
  /** Default: `default`. */
  readonly tenant?: string;
  /** The session of which it is a turn. */
  readonly session?: string;
  readonly spec: JobSpec;
  /** Values of the secrets that the spec names. */
  readonly secrets?: Secrets;
}

/** What a client promises to send once only. */
export interface Idempotency {
  /** Whose key it is: two tenants may use the same. Default: `default`. */
  readonly tenant?: string;
  readonly key: string;
  /** Fingerprint of the body: the same key with another one is a conflict. */
  readonly fingerprint: string;
}

/** Which jobs a list shows, newest first. */
export interface JobQuery {
  /** Whose jobs; those of all tenants where it is absent. */
  readonly tenant?: string;
  readonly state?: JobState;
  readonly profile?: string;
  readonly label?: { readonly key: string; readonly value: string };
  /** From an earlier page's `nextCursor`. */
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** What a cancel came to. */
export type CancelAnswer =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'requested' }
  | { readonly kind: 'over'; readonly state: JobState }
  | { readonly kind: 'unknown' };

/** The jobs as clients see them: another tenant's job is as unknown as one that does not exist. Every call rejects with `redis.unavailable` while the store does not answer. */
export interface JobStore {
  /**
   * Takes all jobs in, or none. With an idempotency key that was used before for the same body, gives the ids of then
   * and takes nothing in; for another body rejects with `idempotency.conflict`. Rejects with `redis.full` when the
   * store takes no more.
   */
  submit(
    jobs: readonly NewJob[],
    idempotency?: Idempotency,
  ): Promise<{ readonly ids: readonly string[]; readonly repeated: boolean }>;
  find(job: JobRef): Promise<JobRecord | undefined>;
  /** Rejects with `cursor.invalid` for a cursor that is not ours. */
  list(query: JobQuery): Promise<{ readonly jobs: readonly JobRecord[]; readonly nextCursor?: string }>;
  /** Place in its queue from 1, while it waits there; else undefined. */
  position(job: Pick<JobRecord, 'id' | 'spec' | 'state'>): Promise<number | undefined>;
  cancel(job: JobRef, reason: string): Promise<CancelAnswer>;
  result(job: JobRef): Promise<JobResult | undefined>;
}

/** A stretch of a job's event stream. */
export interface EventPage {
  readonly events: readonly JobEvent[];
  /** Whether the stream has ended and this page reaches its end. */
  readonly complete: boolean;
}

/** The jobs' event streams, for reading; that of another tenant's job is empty and has ended. */
export interface EventLog {
  /** Events with an id above `after`, at most about `limit`; begins with a `stream.gap` when some of them were trimmed. */
  page(job: JobRef, after: number, limit: number): Promise<EventPage>;
  /**
   * Events with an id above `after`, those to come included, in batches as they arrive; ends after `job.over` or when
   * the signal aborts. A reader that is slow holds up nobody: what it has not read stays in the stream.
   */
  follow(job: JobRef, after: number, signal: AbortSignalLike): AsyncIterable<readonly JobEvent[]>;
}

/** A worker as operators see it. Times are epoch ms. */
export interface WorkerRecord {
  readonly id: string;
  readonly profile: string;
  readonly phase: WorkerPhase;
  readonly startedAt: number;
  /** When its Claude Code was last made warm: each job has a fresh one. */
  readonly readyAt?: number;
  readonly idleSince?: number;
  readonly heartbeatAt?: number;
  readonly job?: string;
  readonly lease?: number;
  readonly jobsDone: number;
  readonly rssMb?: number;
  /** The version of Claude Code that it has, as that says itself. */
  readonly claudeVersion?: string;
  readonly fingerprint: string;
  /** What its container was made from, as its runtime names it: the image's id. */
  readonly release?: string;
  /** Names the engine on which its container is. */
  readonly engine?: string;
  /** Names the bridge by which it reaches Redis; absent where it does so by itself. */
  readonly bridge?: string;
  /** It is given no job, and stays. */
  readonly cordoned?: boolean;
  /** It is to leave, and what it carries out then goes back to the queue. */
  readonly drainBy?: number;
  /** The scheduler that relays its stream and assigns its jobs. */
  readonly owner?: string;
}

/** How a pool's workers start at the moment, as the scheduler that keeps it has it. */
export interface PoolStarts {
  /** Workers that may start at the same time. */
  readonly atOnce: number;
  /** A worker that is not ready so long after its start, in ms, is given up. */
  readonly limitMs: number;
  /** Starts that failed in a row. */
  readonly failed: number;
  /** For so long none is started, in ms, because the last ones failed. */
  readonly heldMs: number;
  /** Why the last one failed; absent where none has since the last that did not. */
  readonly failure?: string;
}

/** A pool as operators see it. */
export interface PoolRecord {
  readonly profile: string;
  /** No scheduler has this profile any more: its jobs wait until one has it again, or they are cancelled. */
  readonly removed?: true;
  /** Of a pool that follows its demand the number of this moment. */
  readonly warm: number;
  readonly max: number;
  readonly workers: Readonly<Record<WorkerPhase, number>>;
  /** Jobs in the profile's queue: those that could start, and those that are parked or delayed. */
  readonly waiting: number;
  readonly delayed: number;
  /** Jobs that workers carry out. */
  readonly running: number;
  /** Jobs don't start, again and again, and so no further one is given to it. */
  readonly suspended: boolean;
  /** What keeps its jobs waiting; empty where nothing does. */
  readonly halts: readonly Halt[];
  /** Absent while no scheduler keeps the pool. */
  readonly starts?: PoolStarts;
  /** How many workers are kept warm, and why; absent where the number is fixed, and while no scheduler keeps the pool. */
  readonly demand?: WarmTarget;
}

/** The workers and pools, for reading. */
export interface PoolStore {
  workers(): Promise<readonly WorkerRecord[]>;
  /** Those of the profiles that there are, and behind them those of removed ones that still have jobs or workers. */
  pools(): Promise<readonly PoolRecord[]>;
  /** What the scheduler last published of its profiles; empty until one has run. */
  profiles(): Promise<readonly string[]>;
}
