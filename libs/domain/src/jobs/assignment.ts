import type { Again } from './again.js';
import type { Failure, JobResult, JobSpec, PermissionMode } from './job.js';
import type { Secrets } from './secrets.js';
import type { LackingTurn } from '../sessions/lacking-turn.js';
import type { Steer } from '../sessions/steer.js';

/** A turn that a session lacks, with what is still known of what was said in it. */
export interface ToldTurn extends LackingTurn {
  readonly prompt?: string;
  readonly answer?: string;
}

/** The message that gives one attempt to one worker. */
export interface Assignment {
  readonly job: string;
  readonly attempt: number;
  /** Lease token: every report of this attempt carries it. */
  readonly lease: number;
  /** The session of which it is a turn. */
  readonly session?: string;
  readonly spec: JobSpec;
  /** Values of its secrets. Sent as they are over a channel of the worker's own only. */
  readonly secrets?: Secrets;
  /** Values of its secrets, encrypted to the worker: see `SecretDesk`. */
  readonly sealedSecrets?: string;
  /** Why its secrets cannot be had: the worker reports it as the attempt's failure. */
  readonly secretsFault?: Pick<Failure, 'code' | 'message'>;
  /**
   * Valid only for this job's model requests (and its git fetches), until its outcome is recorded. Absent if the worker
   * chose one itself when it reported that it was idle.
   */
  readonly bridgeToken?: string;
  /** Whether its tools may reach any host through the bridge. Default: none. */
  readonly egress?: boolean;
  /** How a repeated attempt begins; absent for the first one. */
  readonly again?: Again;
  /** Earlier turns of its session that its snapshot lacks: the turn is told of them. */
  readonly lacks?: readonly ToldTurn[];
  /** What was said to the turn in earlier attempts: it is said again. */
  readonly steers?: readonly Steer[];
  /** Whether a turn's outcome may be told before its snapshot is taken. */
  readonly answerFirst?: boolean;
  /** Remaining time of the attempt, in ms, from when the worker takes it: the clocks of two machines may differ. */
  readonly remainingMs: number;
}

/** How an attempt ended, as its worker reports it. */
export type Outcome =
  | {
      readonly kind: 'succeeded';
      readonly result: JobResult;
      /**
       * The worker waits for the next turn of the job's session, with Claude Code alive: the sha256 in hex of the bridge
       * token to be granted to it.
       */
      readonly holds?: string;
      /** The turn's snapshot is still to be taken: a report says what came of it. */
      readonly keeps?: boolean;
    }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly result?: JobResult }
  | { readonly kind: 'cancelled'; readonly result?: JobResult };

/**
 * Control messages for a busy or idle worker. `limitMs` is the remaining time of the running job. `show`: somebody looks at
 * its terminal, for `forMs` from now; `asked` (epoch ms) comes back with what is shown. `spare`: while it is idle it keeps a
 * spare process for this permission mode, or none. `steer`: a message for the turn that runs.
 */
export type Control =
  | { readonly kind: 'cancel'; readonly job: string; readonly lease: number }
  | ({ readonly kind: 'steer'; readonly job: string; readonly lease: number } & Steer)
  | { readonly kind: 'show'; readonly asked: number; readonly forMs: number }
  | { readonly kind: 'spare'; readonly permissionMode?: PermissionMode }
  | { readonly kind: 'drain'; readonly limitMs: number };
