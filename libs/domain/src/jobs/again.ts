import { failureRule } from './failure-class.js';
import type { JobRecord } from './job.js';
import type { Snapshot } from './snapshot.js';

/** Why an attempt runs the prompt again instead of continuing the previous session. */
export const restartReasons = [
  /** The job says `onLost: restart`. */
  'asked',
  /** The failure may be caused by the session itself. */
  'failure',
  /** No snapshot was taken before the attempt ended. */
  'no_snapshot',
  /** Attempts that resumed from this snapshot failed before the next one. */
  'no_progress',
  /** The snapshot is gone, or cannot be read by this worker. */
  'unavailable',
  /** The snapshot could not be unpacked. */
  'broken',
  /** The engine did not resume the session. */
  'refused',
] as const;
/** One of `restartReasons`. */
export type RestartReason = (typeof restartReasons)[number];

/** How a repeated attempt begins. */
export type Again =
  | { readonly kind: 'resume'; readonly snapshot: Snapshot }
  | { readonly kind: 'restart'; readonly reason: RestartReason };

/** How many attempts may resume from one snapshot: the snapshot itself may make them fail. */
const maxResumes = 2;

/** Decides how the next attempt of a queued job begins; undefined for the first one. */
export function planAgain(
  job: Pick<JobRecord, 'attempt' | 'lease' | 'failure' | 'snapshot'> & {
    readonly spec: Pick<JobRecord['spec'], 'onLost'>;
  },
): Again | undefined {
  if (job.attempt === 0) return undefined;
  const { snapshot, failure, lease } = job;
  if (job.spec.onLost === 'restart') return restart('asked');
  if (!failure || failureRule(failure.code).again === 'restart') return restart('failure');
  if (!snapshot) return restart('no_snapshot');
  return lease - snapshot.lease < maxResumes ? { kind: 'resume', snapshot } : restart('no_progress');
}

function restart(reason: RestartReason): Again {
  return { kind: 'restart', reason };
}
