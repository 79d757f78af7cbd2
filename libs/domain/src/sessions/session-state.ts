/** The states of a session and the legal moves between them. */

const moves = {
  idle: ['running', 'hibernated', 'stopped'],
  running: ['idle', 'saving', 'hibernated', 'stopped'],
  saving: ['idle', 'hibernated', 'stopped'],
  hibernated: ['running', 'stopped'],
  stopped: [],
} as const satisfies Record<string, readonly string[]>;

/**
 * A session's state. `idle`: no turn is under way, and either a worker waits for the next one, or there is no snapshot
 * yet. `running`: one of its turns is queued or carried out. `saving`: its last turn is over, and the worker still takes the
 * snapshot of it, without which no further turn begins. `hibernated`: no turn is under way, no worker waits, and
 * conversation and files are in a snapshot.
 */
export type SessionState = keyof typeof moves;

/** Every state. */
export const sessionStates = Object.keys(moves) as readonly SessionState[];

/** The table of legal moves; `docs/states.md` is tested against it. */
export const sessionMoves: Readonly<Record<SessionState, readonly SessionState[]>> = moves;

/** Whether the table allows the move. */
export function canSessionMove(from: SessionState, to: SessionState): boolean {
  return sessionMoves[from].includes(to);
}
