import type { JobEvent } from '../jobs/event.js';
import type { JobRecord, JobRef, JobResult, JobSpec } from '../jobs/job.js';
import type { Halt } from '../jobs/halt.js';
import type { Secrets } from '../jobs/secrets.js';
import type { JobState } from '../jobs/job-state.js';
import type { EngineKind } from '../pools/profile.js';
import type { PoolSpare } from '../pools/spare.js';
import type { PoolWait } from '../pools/start-wait.js';
import type { WarmTarget } from '../pools/warm-target.js';
import type { WorkerPhase } from '../pools/worker-phase.js';
import type { AbortSignalLike } from './clock.port.js';

/** A job to be accepted, with its future id. */
export interface NewJob {
  readonly id: string;
  /** Default: `default`. */
  readonly tenant?: string;
  /** The session to which it belongs as a turn. */
  readonly session?: string;
  readonly spec: JobSpec;
  /** Values of the secrets named in the spec. */
  readonly secrets?: Secrets;
}

/** A client's idempotency key. */
export interface Idempotency {
  /** Whose key it is: two tenants may use the same. Default: `default`. */
  readonly tenant?: string;
  readonly key: string;
  /** Fingerprint of the body: the same key with another fingerprint is a conflict. */
  readonly fingerprint: string;
}

/** Selects and pages a list of jobs, newest first. */
export interface JobQuery {
  /** Whose jobs; those of all tenants if absent. */
  readonly tenant?: string;
  readonly state?: JobState;
  readonly profile?: string;
  readonly label?: { readonly key: string; readonly value: string };
  /**
   * Words that occur in the prompt or in the result's text, as in a web search: `"a phrase"`, `or`, `-not`. Finds jobs
   * that are over, and needs an archive.
   */
  readonly words?: string;
  /** The `nextCursor` of an earlier page. */
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** What is known of the start of a job that waits in its queue. */
export interface JobOutlook {
  /** As `position`. */
  readonly position: number;
  /** When it probably starts, epoch ms, by `estimateStartMs`; absent where too little is known. */
  readonly startsAt?: number;
  /** Whether its tenant is at a limit, so that none of its jobs starts at the moment. */
  readonly limited?: true;
}

/** A page of a list of jobs. */
export interface JobPage {
  readonly jobs: readonly JobRecord[];
  readonly nextCursor?: string;
  /** The archive could not be asked: jobs that only it has are missing. */
  readonly incomplete?: true;
}

/** Outcome of a cancel. */
export type CancelAnswer =
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'requested' }
  | { readonly kind: 'over'; readonly state: JobState }
  | { readonly kind: 'unknown' };

/**
 * The jobs as clients see them: another tenant's job is as unknown as one that does not exist. Every call rejects with
 * `redis.unavailable` while the store does not answer.
 */
export interface JobStore {
  /**
   * Accepts all jobs, or none. If the idempotency key was already used with the same body, returns the earlier ids and
   * accepts nothing; with another body rejects with `idempotency.conflict`. Rejects with `redis.full` if the store has
   * no room, and with `tenant.limit_reached` if the tenant may not submit more. All jobs are of one tenant.
   */
  submit(
    jobs: readonly NewJob[],
    idempotency?: Idempotency,
  ): Promise<{ readonly ids: readonly string[]; readonly repeated: boolean }>;
  find(job: JobRef): Promise<JobRecord | undefined>;
  /** Rejects with `cursor.invalid` for a cursor that is not ours; with `store.unavailable` for words without an archive. */
  list(query: JobQuery): Promise<JobPage>;
  /** Position among its tenant's jobs of the profile from 1, while it waits there; otherwise undefined. */
  position(job: Pick<JobRecord, 'id' | 'spec' | 'state'>): Promise<number | undefined>;
  /** The same, with what is known of its start; undefined if it does not wait in a queue. */
  outlook(job: Pick<JobRecord, 'id' | 'tenant' | 'spec' | 'state'>): Promise<JobOutlook | undefined>;
  cancel(job: JobRef, reason: string): Promise<CancelAnswer>;
  result(job: JobRef): Promise<JobResult | undefined>;
  /** What was asked; undefined if it is no longer kept. */
  prompt(job: JobRef): Promise<string | undefined>;
}

/** A page of a job's event stream. */
export interface EventPage {
  readonly events: readonly JobEvent[];
  /** Whether the stream has ended and this page reaches its end. */
  readonly complete: boolean;
}

/** The jobs' event streams, for reading; another tenant's job has an empty stream that has ended. */
export interface EventLog {
  /**
   * Events with an id above `after`, about `limit` at most; begins with a `stream.gap` if some of them were trimmed.
   */
  page(job: JobRef, after: number, limit: number): Promise<EventPage>;
  /**
   * Events with an id above `after`, including future ones, in batches as they arrive; ends after `job.over` or when
   * the signal aborts. A slow reader delays nobody: unread events stay in the stream.
   */
  follow(job: JobRef, after: number, signal: AbortSignalLike): AsyncIterable<readonly JobEvent[]>;
}

/** A worker as operators see it. Times are epoch ms. */
export interface WorkerRecord {
  readonly id: string;
  readonly profile: string;
  readonly phase: WorkerPhase;
  readonly startedAt: number;
  /** When its Claude Code was last warmed up: each job has a fresh one. */
  readonly readyAt?: number;
  readonly idleSince?: number;
  readonly heartbeatAt?: number;
  readonly job?: string;
  /** The session of its job, if it may wait for the session's next turn after that one. */
  readonly session?: string;
  readonly lease?: number;
  readonly jobsDone: number;
  readonly rssMb?: number;
  /** The version that its Claude Code reported. */
  readonly claudeVersion?: string;
  readonly fingerprint: string;
  /** Name of what its container was made from, as its runtime has it: the image's id. */
  readonly release?: string;
  /** Name of the engine on which its container runs. */
  readonly engine?: string;
  /** How its Claude Code is driven; absent if an earlier release started it. */
  readonly engineKind?: EngineKind;
  /** Name of the bridge through which it reaches Redis; absent if it has its own connection. */
  readonly bridge?: string;
  /** Whether it stays without getting new jobs. */
  readonly cordoned?: boolean;
  /** When it must leave; a job still running then is requeued. */
  readonly drainBy?: number;
  /** The scheduler that relays its stream and assigns its jobs. */
  readonly owner?: string;
}

/** The current start limits and failures of a pool, from its scheduler. */
export interface PoolStarts {
  /** Workers that may start at the same time. */
  readonly atOnce: number;
  /** Start timeout of a worker, in ms. */
  readonly limitMs: number;
  /** Consecutive failed starts. */
  readonly failed: number;
  /** Delay before the next start, in ms, because the last ones failed. */
  readonly heldMs: number;
  /** Why the last start failed; absent after a successful one. */
  readonly failure?: string;
  /** What starting workers wait for, if that may take long: a node, an image. Absent if none does. */
  readonly waits?: readonly PoolWait[];
}

/** A pool as operators see it. */
export interface PoolRecord {
  readonly profile: string;
  /** No scheduler has this profile any more: its jobs wait until one has it again, or until they are cancelled. */
  readonly removed?: true;
  /** If the pool follows demand, the current number. */
  readonly warm: number;
  readonly max: number;
  readonly workers: Readonly<Record<WorkerPhase, number>>;
  /** Jobs in the profile's queue: those ready to start, and those that are parked or delayed. */
  readonly waiting: number;
  readonly delayed: number;
  /** Jobs in progress. */
  readonly running: number;
  /** Jobs repeatedly fail to start, so the profile gets no more. */
  readonly suspended: boolean;
  /** Why its jobs wait; empty if nothing holds them. */
  readonly halts: readonly Halt[];
  /** Absent while no scheduler has the profile. */
  readonly starts?: PoolStarts;
  /** How many workers are kept warm, and why; absent if the number is fixed, and while no scheduler has the profile. */
  readonly demand?: WarmTarget;
  /** Given if its idle workers keep a spare process: what for. */
  readonly spare?: PoolSpare;
}

/** The workers and pools, for reading. */
export interface PoolStore {
  workers(): Promise<readonly WorkerRecord[]>;
  /** Those of the current profiles, followed by those of removed ones that still have jobs or workers. */
  pools(): Promise<readonly PoolRecord[]>;
  /** The profiles that the scheduler last published; empty until one has run. */
  profiles(): Promise<readonly string[]>;
}
