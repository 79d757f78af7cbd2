import { constants } from 'node:os';

/** How a process ended, as far as known. */
export interface ProcessEnd {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly outOfMemory?: boolean;
}

/**
 * Whether it ended because one of its processes was killed for lack of memory: by SIGKILL. If it ended otherwise, it
 * survived that kill. If the exit code is unknown, the kill is the most likely cause.
 */
export function diedOfMemory({ exitCode, outOfMemory }: ProcessEnd): boolean {
  return outOfMemory === true && (exitCode === undefined || signalOf(exitCode) === 'SIGKILL');
}

/** The end as a sentence for a person: `killed by SIGKILL`, `ended with exit code 7`. */
export function exitReason(end: ProcessEnd): string {
  const how = describe(end);
  return end.outOfMemory ? `${how} after it ran out of memory` : how;
}

function describe({ exitCode, signal }: ProcessEnd): string {
  const killer = signal ?? signalOf(exitCode);
  if (killer !== undefined) return `killed by ${killer}`;
  return exitCode === undefined ? 'ended, exit code unknown' : `ended with exit code ${String(exitCode)}`;
}

/** Engines and shells report a death by signal N as exit code 128 + N. */
function signalOf(exitCode: number | undefined): string | undefined {
  if (exitCode === undefined || exitCode <= 128) return undefined;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
}
