import type { Assignment, Control, NewEvent } from '@remuda/domain';
import type { IncompatibleAssignment } from './assignment.js';
import type { WorkerReport } from './worker-stream.js';

/** What a worker does with what it's sent. */
export interface WorkerDuties {
  /** Carries out an assignment; the next one comes when the promise settles. */
  carryOut(assignment: Assignment): Promise<void>;
  /** Says that an assignment is not understood. */
  refuse(assignment: IncompatibleAssignment): Promise<void>;
  /** Hears a control message, also while it carries out an assignment. */
  onControl(control: Control): void;
}

/** A worker's line to its scheduler, whatever carries it. What is said arrives in its order; times are of the monotonic clock, in ms. */
export interface WorkerLine {
  /** Rejects where the other side refuses us: wrong password, or a right that the worker needs and has not. Waits while it is busy. */
  probe(): Promise<void>;
  /** Begins to take assignments, one at a time, and control messages. */
  open(duties: WorkerDuties): void;
  /** Takes no further assignment; resolves when the one under way is carried out. */
  stopTaking(): Promise<void>;
  /** Says something, after all that was said before it. Never rejects; while the other side is away it is kept. A heartbeat may come earlier. */
  say(report: WorkerReport): Promise<void>;
  /** Says that something happened to a job, perhaps together with what else happens shortly. */
  tell(job: string, lease: number, event: NewEvent, now: number): void;
  /** Says that an attempt was taken up, perhaps with its first events. */
  sayStarted(report: Extract<WorkerReport, { kind: 'started' }>, now: number): void;
  /** Resolves when all that was said has arrived, and nothing more is heard. */
  close(): Promise<void>;
}
