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

/**
 * How an attempt begins that is not a fresh start. `continue`: the first attempt at a turn of a session. `origin` is where
 * the turn takes up its session's conversation, if it does not resume the turn itself.
 */
export type Again =
  | { readonly kind: 'resume'; readonly snapshot: Snapshot; readonly origin?: Snapshot }
  | { readonly kind: 'restart'; readonly reason: RestartReason; readonly origin?: Snapshot }
  | { readonly kind: 'continue'; readonly origin: Snapshot };

/** How many attempts may resume from one snapshot: the snapshot itself may make them fail. */
const maxResumes = 2;

/** Decides how the next attempt of a queued job begins; undefined for the first one, unless it is a turn that continues. */
export function planAgain(
  job: Pick<JobRecord, 'attempt' | 'lease' | 'failure' | 'snapshot' | 'origin'> & {
    readonly spec: Pick<JobRecord['spec'], 'onLost'>;
  },
): Again | undefined {
  const { snapshot, origin } = job;
  const from = origin && { origin: origin.snapshot };
  if (job.attempt === 0) return from && { kind: 'continue', ...from };
  const why = whyRestart(job);
  if (why === undefined && snapshot) return { kind: 'resume', snapshot, ...from };
  return { kind: 'restart', reason: why ?? 'no_snapshot', ...from };
}

function whyRestart({ spec, failure, snapshot, lease }: Parameters<typeof planAgain>[0]): RestartReason | undefined {
  if (spec.onLost === 'restart') return 'asked';
  if (!failure || failureRule(failure.code).again === 'restart') return 'failure';
  return snapshot && lease - snapshot.lease >= maxResumes ? 'no_progress' : undefined;
}
