/** For so long without a pause a session keeps its worker although jobs wait for one, in ms, unless a scheduler sets another time. */
export const sessionKeepMs = 60_000;

/** The worker that waits for a turn, and the jobs that wait besides it. */
export interface TurnAtWorker {
  /** For how long the session has had this worker without a pause between turns, in ms. */
  readonly keptMs: number;
  /** How many other jobs wait for which the pool has no worker, and no room for one. */
  readonly short: number;
}

/**
 * Whether a turn goes to the worker that waits for it before the jobs that wait already. If a session has kept its worker for
 * long and others cannot have one, it queues like them: else one whose next turn is always there would never let it go.
 */
export function goesAhead({ keptMs, short }: TurnAtWorker, keepMs = sessionKeepMs): boolean {
  return keptMs <= keepMs || short === 0;
}
