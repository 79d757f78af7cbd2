import type { JobEvent } from '../jobs/event.js';

/** A turn of a session that has begun: its number, from 1, and the job that it is. */
export interface SessionTurn {
  readonly number: number;
  readonly job: string;
}

/** An event of one of a session's turns, with an id of the session's. */
export interface SessionEvent {
  /** `<turn>.<event>`: number of the turn, and id of the event within it. Rises over all turns. */
  readonly id: string;
  readonly turn: number;
  readonly job: string;
  readonly event: JobEvent;
}

/** A place in a session's stream: behind this event of this turn. Event 0: at the beginning of the turn. */
export interface SessionPosition {
  readonly turn: number;
  readonly event: number;
}

/** The place before a session's first event. */
export const sessionStart: SessionPosition = { turn: 0, event: 0 };

/** An event of a turn, as one of its session. */
export function sessionEvent({ number, job }: SessionTurn, event: JobEvent): SessionEvent {
  return { id: formatPosition({ turn: number, event: event.id }), turn: number, job, event };
}

/** A place as text: the id of the event that it is behind. */
export function formatPosition({ turn, event }: SessionPosition): string {
  return `${String(turn)}.${String(event)}`;
}

/** Parses a place; undefined if it is none. `0` is the beginning. */
export function parsePosition(text: string): SessionPosition | undefined {
  if (text === '0') return sessionStart;
  const [, turn, event] = /^(\d{1,15})\.(\d{1,15})$/.exec(text) ?? [];
  return turn === undefined ? undefined : { turn: Number(turn), event: Number(event) };
}

/**
 * Declares a turn of which no event is kept any more; how many there were is not known. It has the id of the turn's first event, so that a
 * stream that is resumed behind it does not declare it again.
 */
export function forgottenTurn(turn: SessionTurn, now: number): SessionEvent {
  const data = { firstHeld: 2, missed: 1 };
  return sessionEvent(turn, { id: 1, attempt: 0, type: 'stream.gap', at: now, data });
}
