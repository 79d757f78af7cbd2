/** The phases of a worker, from the start of its container to its end. */

const moves = {
  starting: ['idle', 'draining', 'gone'],
  idle: ['busy', 'draining', 'gone'],
  busy: ['idle', 'draining', 'gone'],
  draining: ['gone'],
  gone: [],
} as const satisfies Record<string, readonly string[]>;

/** A worker's phase. Only an `idle` worker is assigned a job. */
export type WorkerPhase = keyof typeof moves;

/** Every phase, in order. */
export const workerPhases = Object.keys(moves) as readonly WorkerPhase[];

/** The table of legal moves; `docs/states.md` is tested against it. */
export const workerMoves: Readonly<Record<WorkerPhase, readonly WorkerPhase[]>> = moves;
