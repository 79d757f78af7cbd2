/** The states of a job and the legal moves between them. */

const moves = {
  queued: ['assigned', 'failed', 'cancelled'],
  assigned: ['running', 'queued', 'succeeded', 'failed', 'cancelled'],
  running: ['waiting', 'queued', 'succeeded', 'failed', 'cancelled'],
  waiting: ['running', 'queued', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<string, readonly string[]>;

/** A job's state. `queued` with a `wakeAt` is parked; `waiting` means that a person was asked. */
export type JobState = keyof typeof moves;

/** The end states: a job never leaves them automatically. */
export type OverState = { [S in JobState]: (typeof moves)[S] extends readonly [] ? S : never }[JobState];

/** Every state, in the order in which a job meets them. */
export const jobStates = Object.keys(moves) as readonly JobState[];

/** The table of legal moves; `docs/states.md` is tested against it. */
export const jobMoves: Readonly<Record<JobState, readonly JobState[]>> = moves;

/** The only way back, by a person's request: a failed job is queued again. Nothing else moves a job that is over. */
export const redrive = { from: 'failed', to: 'queued' } as const satisfies { from: OverState; to: JobState };

/** Whether the job has ended: no event, outcome or cancel changes it any more. */
export function isOver(state: JobState): state is OverState {
  return jobMoves[state].length === 0;
}

/** Whether a worker is carrying out the job. */
export function isHeld(state: JobState): boolean {
  return state === 'assigned' || state === 'running' || state === 'waiting';
}

/** Whether the table allows the move, or a redrive does. */
export function canMove(from: JobState, to: JobState): boolean {
  return jobMoves[from].includes(to) || (from === redrive.from && to === redrive.to);
}
