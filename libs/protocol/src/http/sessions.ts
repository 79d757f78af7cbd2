import type { SessionRecord, SessionSettings } from '@remuda/domain';
import type { Dated } from './dated.js';
import type { AcceptedJobView } from './jobs.js';

/** Path of the sessions. */
export const sessionsPath = '/api/v1/sessions';

/** A session, with what its turns have in common. */
export type SessionView = Dated<Omit<SessionRecord, 'tenant' | 'settings'>, 'createdAt' | 'changedAt' | 'snapshotAt'> &
  SessionSettings;

/** A page of sessions, newest first. */
export interface SessionPageView {
  readonly sessions: readonly SessionView[];
  /** Pass it as `cursor` to get the next page; absent on the last page. */
  readonly nextCursor?: string;
}

/** An accepted turn: the job that it is. */
export type AcceptedTurnView = AcceptedJobView & {
  readonly session: string;
  /** It waits until this job is over, and those that wait before it. */
  readonly after?: string;
};
