import type { SessionTurn } from '../sessions/session-event.js';
import type { SessionRef } from '../sessions/session.js';
import type { AbortSignalLike } from './clock.port.js';

/** A part of a session's turns. */
export interface TurnPage {
  readonly turns: readonly SessionTurn[];
  /** Whether the session takes no more turns, and this page reaches the last one. */
  readonly complete: boolean;
}

/** The turns of sessions that have begun, for reading. Another tenant's session is as unknown as one that does not exist. */
export interface TurnLog {
  /** Turns with a number above `after`, at most `limit`, in order; undefined if the session is unknown. */
  page(session: SessionRef, after: number, limit: number): Promise<TurnPage | undefined>;
  /**
   * The same, including future ones, as they begin; ends when the session takes no more, is unknown, or the signal
   * aborts.
   */
  follow(session: SessionRef, after: number, signal: AbortSignalLike): AsyncIterable<SessionTurn>;
}
