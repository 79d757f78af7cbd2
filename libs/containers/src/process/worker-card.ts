import type { ProcessEnd } from '../exit-reason.js';
import type { ProcessName } from './worker-process.js';

/** What the file beside a worker's folders says of it: enough for a scheduler that did not start it. */
export interface WorkerCard {
  readonly cluster: string;
  readonly worker: string;
  readonly profile: string;
  readonly fingerprint: string;
  /** Absent until its process was started. */
  readonly pid?: number;
  /** Start time of that process: another process may be given the same id later. */
  readonly startTime?: string;
  /** A stop is under way: its end is no news. */
  readonly stopping?: boolean;
  /** How it ended, where whoever started it was there to see it. */
  readonly end?: ProcessEnd;
}

/** The process that the card names, where it names one already. */
export function nameOf({ pid, startTime }: WorkerCard): ProcessName | undefined {
  return pid === undefined || startTime === undefined ? undefined : { pid, startTime };
}
