import type { ErrorCode } from '../errors.js';
import type { Failure, JobResult } from './job.js';
import { wantedWorkers } from '../pools/pool-plan.js';
import type { PoolTarget } from '../pools/profile.js';
import type { WorkerPhase } from '../pools/worker-phase.js';

/** Why a profile's queue is not read: `paused` and `drained` by an operator, `suspended` because its jobs don't start. */
export const haltKinds = ['paused', 'drained', 'suspended'] as const;
export type HaltKind = (typeof haltKinds)[number];

/** What keeps the jobs of a profile waiting. They are still taken in; nothing of them is lost. */
export interface Halt {
  readonly kind: HaltKind;
  /** Epoch ms. */
  readonly since: number;
  /** A sentence for a person. */
  readonly reason: string;
  /** The failure that comes again and again, where it is `suspended`. */
  readonly code?: ErrorCode;
  /** When what still runs is put back into the queue, epoch ms, where it is `drained`. */
  readonly by?: number;
  /** It was said of all profiles at once, and is lifted for all at once. */
  readonly everywhere?: boolean;
}

/** Codes that say nothing of a job, and all of what it should have started in. */
export type StartFailureCode = Extract<ErrorCode, 'engine.start_failed' | 'container.start_failed'>;

/** What an attempt's end says of its profile: a failure to start, a start, or neither. */
export type StartVerdict = StartFailureCode | 'started' | 'neither';

/** Reads it from how an attempt ended. Whoever lost its worker, was cancelled or had no workspace proves neither. */
export function startVerdict(ending: { readonly failure?: Failure; readonly result?: JobResult }): StartVerdict {
  const code = ending.failure?.code;
  if (code === 'engine.start_failed' || code === 'container.start_failed') return code;
  return code === undefined || ending.result !== undefined ? 'started' : 'neither';
}

/**
 * Whether a pool may still start workers for the jobs that wait. One whose containers don't start has to go on trying,
 * now and then, since a worker that becomes ready is what ends it.
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
