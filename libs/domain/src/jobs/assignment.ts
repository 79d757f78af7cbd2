import type { Again } from './again.js';
import type { Failure, JobResult, JobSpec } from './job.js';
import type { Secrets } from './secrets.js';

/** The message that gives one attempt to one worker. */
export interface Assignment {
  readonly job: string;
  readonly attempt: number;
  /** Lease token: whatever the worker reports for this attempt carries it. */
  readonly lease: number;
  readonly spec: JobSpec;
  /** Values of the secrets that the spec names. */
  readonly secrets?: Secrets;
  /**
   * Good for this job's model requests (and its git fetches) only, and only until its outcome is recorded. Absent where
   * the worker named one of its own making when it said that it was idle.
   */
  readonly bridgeToken?: string;
  /** How a further attempt begins; absent of a first one. */
  readonly again?: Again;
  /** What the attempt may still take, in ms, from when it is taken up: clocks of two machines need not agree. */
  readonly remainingMs: number;
}

/** How an attempt ended, as its worker reports it. */
export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly result?: JobResult }
  | { readonly kind: 'cancelled'; readonly result?: JobResult };

/** What a busy or idle worker can be told at any time. `limitMs` is what the job under way may still take. */
export type Control =
  | { readonly kind: 'cancel'; readonly job: string; readonly lease: number }
  | { readonly kind: 'drain'; readonly limitMs: number };
