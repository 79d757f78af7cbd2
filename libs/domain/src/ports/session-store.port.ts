import type { NewJob, Idempotency } from './job-store.port.js';
import type { TurnOrigin } from '../jobs/snapshot.js';
import type { Steer } from '../sessions/steer.js';
import type { SessionState } from '../sessions/session-state.js';
import type { SessionRecord, SessionRef } from '../sessions/session.js';

/** A session to be created, with its future id. */
export type NewSession = Pick<SessionRecord, 'id' | 'tenant' | 'settings' | 'concurrent' | 'keepTurns'>;

/** A turn to be accepted: a job with its future id. */
export interface NewTurn {
  readonly session: SessionRef;
  readonly job: Pick<NewJob, 'id' | 'spec'>;
  /** Whether it comes before those that wait. */
  readonly first?: boolean;
}

/**
 * Outcome of submitting a turn. `begun`: it is the session's turn now. `waits`: that is `running`, and this one follows.
 * `repeated`: the idempotency key was used before, for the job `id`. Otherwise nothing was accepted: `busy`, because
 * `running` is under way and the session takes no other one; `spent`, because nothing is left of its budget; `over`, because it was
 * stopped; `unknown`.
 */
export type TurnAnswer =
  | { readonly kind: 'begun'; readonly id: string }
  | { readonly kind: 'waits'; readonly id: string; readonly running: string }
  | { readonly kind: 'repeated'; readonly id: string }
  | { readonly kind: 'busy'; readonly running: string }
  | { readonly kind: 'spent'; readonly costUsd: number }
  | { readonly kind: 'over'; readonly state: SessionState }
  | { readonly kind: 'unknown' };

/**
 * Outcome of saying something to the turn that is under way. `said`: it is on its way to the worker that carries out `job`, whose last event
 * was `after`. `repeated`: this was said to `job` before. Otherwise it was not: `idle`, because no turn runs at this moment; `deaf`, because
 * the engine of its worker hears nothing during a turn; `full`, because too much was said to this turn; `over`, because the session was
 * stopped; `unknown`.
 */
export type SteerAnswer =
  | { readonly kind: 'said' | 'repeated'; readonly job: string; readonly after: number }
  | { readonly kind: 'idle' | 'deaf' | 'full' | 'over' | 'unknown' };

/** A session to be made of another one, as that was after a turn; by default, after the last one that is over. */
export interface NewFork {
  readonly id: string;
  readonly from: SessionRef;
  readonly turn?: number;
}

/**
 * Outcome of a fork. `forked`, or nothing was made: `empty`, because no turn has left a snapshot; `not_over`, because that
 * turn is not over, or there was none; `saving`, because its snapshot is still being taken; `gone`, because the snapshot of that turn is kept no longer; `stopped`; `unknown`.
 */
export type ForkAnswer = 'forked' | 'empty' | 'not_over' | 'saving' | 'gone' | 'stopped' | 'unknown';

/**
 * Outcome of giving a session another snapshot. `replaced`, or nothing was changed: `busy`, because a turn is under way; `changed`, because
 * it goes on from another snapshot than the one that was to be replaced; `stopped`; `unknown`.
 */
export type ReplaceAnswer = 'replaced' | 'busy' | 'changed' | 'stopped' | 'unknown';

/** Which of a tenant's sessions are listed. */
export interface SessionQuery {
  readonly tenant: string;
  /** Only those in this state. */
  readonly state?: SessionState;
  readonly cursor?: string;
  /** 1 to 200. */
  readonly limit: number;
}

/** A page of a tenant's sessions, newest first. With a state it may have fewer than the limit, or none, and still not be the last one. */
export interface SessionPage {
  readonly sessions: readonly SessionRecord[];
  readonly nextCursor?: string;
}

/**
 * The sessions. One turn of a session is under way at a time, in the order in which they were accepted; when its job is
 * over, the next one begins in the same step. Another tenant's session is as unknown as one that does not exist. Every
 * call rejects with `redis.unavailable` while the store does not answer.
 */
export interface SessionStore {
  /** Creates it; rejects with `redis.full` if the store has no room. */
  create(session: NewSession): Promise<void>;
  /**
   * Makes a session of another one: same settings, the turns so far, and the snapshot of that time, which is then kept for both. Safe to
   * call twice. Rejects with `redis.full` if the store has no room.
   */
  fork(fork: NewFork): Promise<ForkAnswer>;
  find(session: SessionRef): Promise<SessionRecord | undefined>;
  /** Where its next turn would take up conversation and files; undefined if there is nothing yet, or nothing any more. */
  origin(session: SessionRef): Promise<TurnOrigin | undefined>;
  /**
   * Lets its next turn go on from another snapshot, in place of `before`; without `before` it must have none. Rejects with `redis.full` if the store
   * has no room.
   */
  replace(session: SessionRef, origin: TurnOrigin, before?: TurnOrigin): Promise<ReplaceAnswer>;
  /** Rejects with `cursor.invalid` for a cursor that is not ours. */
  list(query: SessionQuery): Promise<SessionPage>;
  /**
   * Accepts a turn. Rejects with `idempotency.conflict` if the key was used with another body, and with `redis.full` if
   * the store has no room.
   */
  submit(turn: NewTurn, idempotency?: Idempotency): Promise<TurnAnswer>;
  /**
   * Says something to the turn that runs; what was said is kept with the turn, and said again in its next attempt. The same id twice is
   * one message. Rejects with `redis.full` if the store has no room.
   */
  steer(session: SessionRef, message: Steer): Promise<SteerAnswer>;
  /**
   * Stops it: it takes no more turns. Returns its turns that are not over, the one under way first: the caller cancels
   * them. Safe to call twice. Undefined if it is unknown.
   */
  stop(session: SessionRef): Promise<readonly string[] | undefined>;
  /** Removes one that is stopped and has no turn under way; its jobs stay. Returns what it was. */
  remove(session: SessionRef): Promise<'removed' | 'busy' | 'unknown'>;
}
