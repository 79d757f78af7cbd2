import type { ProcessEnd } from '../exit-reason.js';
import type { ProcessName } from './worker-process.js';

/** The file next to a worker's folders: enough data for a scheduler that did not start it. */
export interface WorkerCard {
  readonly cluster: string;
  readonly worker: string;
  readonly profile: string;
  readonly fingerprint: string;
  /** Absent until its process was started. */
  readonly pid?: number;
  /** Start time of that process: the pid may be reused later. */
  readonly startTime?: string;
  /** It is being stopped: its end must not be reported. */
  readonly stopping?: boolean;
  /** How it ended, if its starter was there to see it. */
  readonly end?: ProcessEnd;
}

/** The process named on the card, if any. */
export function nameOf({ pid, startTime }: WorkerCard): ProcessName | undefined {
  return pid === undefined || startTime === undefined ? undefined : { pid, startTime };
}
