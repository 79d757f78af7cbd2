import type { Assignment, Control, NewEvent, WorkerScreen } from '@remuda/domain';
import type { IncompatibleAssignment } from './assignment.js';
import type { WorkerReport } from './worker-stream.js';

/** The worker's handlers of messages. */
export interface WorkerDuties {
  /** Carries out an assignment; the next one arrives when the promise settles. */
  carryOut(assignment: Assignment): Promise<void>;
  /** Called with an assignment that is not understood. */
  refuse(assignment: IncompatibleAssignment): Promise<void>;
  /** Called with a control message, also during an assignment. */
  onControl(control: Control): void;
}

/**
 * A worker's connection to its scheduler, over any transport. Reports arrive in order; times are of the monotonic
 * clock, in ms.
 */
export interface WorkerLine {
  /** Rejects if the other side refuses us: wrong password, or a missing permission. Waits while it is busy. */
  probe(): Promise<void>;
  /** Starts receiving assignments, one at a time, and control messages. */
  open(duties: WorkerDuties): void;
  /** Takes no more assignments; resolves when the current one is finished. */
  stopTaking(): Promise<void>;
  /**
   * Sends a report after all earlier ones. Never rejects; reports are buffered during an outage. A heartbeat may
   * overtake others.
   */
  say(report: WorkerReport): Promise<void>;
  /** Reports an event of a job, possibly batched with the next ones. */
  tell(job: string, lease: number, event: NewEvent, now: number): void;
  /** Reports that an attempt was taken, possibly with its first events. */
  sayStarted(report: Extract<WorkerReport, { kind: 'started' }>, now: number): void;
  /** Shows the screen of its terminal to those who look. Never rejects. Optional: a line may have nobody who looks. */
  show?(screen: WorkerScreen): Promise<void>;
  /** Resolves when all reports have arrived, and nothing more is received. */
  close(): Promise<void>;
}
