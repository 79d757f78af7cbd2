import type { ErrorCode } from '../errors.js';
import type { Failure, JobResult } from './job.js';
import { wantedWorkers } from '../pools/pool-plan.js';
import type { PoolTarget } from '../pools/profile.js';
import type { WorkerPhase } from '../pools/worker-phase.js';

/**
 * Why a profile's queue is not read: `paused` and `drained` by an operator, `suspended` because its jobs fail to start.
 */
export const haltKinds = ['paused', 'drained', 'suspended'] as const;
export type HaltKind = (typeof haltKinds)[number];

/** A reason why the jobs of a profile wait. New jobs are still accepted; none is lost. */
export interface Halt {
  readonly kind: HaltKind;
  /** Epoch ms. */
  readonly since: number;
  /** A sentence for a person. */
  readonly reason: string;
  /** The repeated failure, if `suspended`. */
  readonly code?: ErrorCode;
  /** When jobs that still run are requeued, epoch ms, if `drained`. */
  readonly by?: number;
  /** Whether it applies to all profiles, and is lifted for all at once. */
  readonly everywhere?: boolean;
}

/** Codes that say nothing about the job, only about its environment. */
export type StartFailureCode = Extract<ErrorCode, 'engine.start_failed' | 'container.start_failed'>;

/** What the end of an attempt says about its profile: a failure to start, a start, or neither. */
export type StartVerdict = StartFailureCode | 'started' | 'neither';

/** Derived from an attempt's outcome. A lost worker, a cancel or a missing workspace proves neither. */
export function startVerdict(ending: { readonly failure?: Failure; readonly result?: JobResult }): StartVerdict {
  const code = ending.failure?.code;
  if (code === 'engine.start_failed' || code === 'container.start_failed') return code;
  return code === undefined || ending.result !== undefined ? 'started' : 'neither';
}

/**
 * Whether a pool may still start workers for waiting jobs. A profile whose containers fail to start must keep trying at
 * intervals, since a worker that becomes ready ends its suspension.
 */
export function startsForBacklog(halts: readonly Halt[]): boolean {
  return halts.every((halt) => halt.code === 'container.start_failed');
}

/** Workers that a pool needs: busy, waiting and warm ones, up to its maximum; none while it is drained. */
export function desiredWorkers(
  pool: PoolTarget & {
    readonly workers: Readonly<Record<WorkerPhase, number>>;
    readonly waiting: number;
    readonly halts: readonly Halt[];
  },
): number {
  if (pool.halts.some((halt) => halt.kind === 'drained')) return 0;
  const waiting = startsForBacklog(pool.halts) ? pool.waiting : 0;
  return wantedWorkers(pool, pool.workers.busy, waiting);
}
