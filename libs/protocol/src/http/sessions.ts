import type {
  GitOutcome,
  JobState,
  SessionEvent,
  SessionFile,
  SessionRecord,
  SessionSettings,
  TranscriptFound,
} from '@remuda/domain';
import type { Dated, IsoTime } from './dated.js';
import type { AcceptedJobView } from './jobs.js';

/** Path of the sessions. */
export const sessionsPath = '/api/v1/sessions';

/** What a session has changed in its repository since its beginning, without the patch: the result of the job has that. */
export interface SessionGitView extends Omit<GitOutcome, 'patch' | 'push'> {
  /** The turn after which it was so, and the job that it is. */
  readonly turn: number;
  readonly job: string;
}

/** A session, with what its turns have in common. */
export type SessionView = Dated<Omit<SessionRecord, 'tenant' | 'settings'>, 'createdAt' | 'changedAt' | 'snapshotAt'> &
  SessionSettings & {
    /** Of one session, not in lists: what its turns have changed in its repository. */
    readonly git?: SessionGitView;
  };

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
  /** It was said to this turn, which runs. */
  readonly steer?: SteerView;
};

/** Something that was said to a running turn. */
export interface SteerView {
  /** The id of its event `turn.steered`. */
  readonly id: string;
  /** Whether Claude Code has it; else it gets it as soon as the turn begins. */
  readonly said: boolean;
}

/** A page of a session's events. */
export interface SessionEventPageView {
  readonly events: readonly SessionEvent[];
  /** Pass it as `after` to get the next page. */
  readonly next: string;
  /** Whether the session is stopped, its turns are over, and this page reaches the last event. */
  readonly complete: boolean;
}

/** Something that was said in a session. */
export interface MessageView {
  /** Number of the turn, and the job that it is. */
  readonly turn: number;
  readonly job: string;
  /** State of the turn: what was said in one that failed is not known to the turns after it. */
  readonly state: JobState;
  readonly role: 'user' | 'assistant';
  readonly text: string;
  readonly at: IsoTime;
}

/** A page of what was said in a session, the first first. */
export interface MessagePageView {
  readonly messages: readonly MessageView[];
  /** Number of the last turn on this page that is over: pass it as `after` to get what follows. */
  readonly next: number;
  /** Whether the session is stopped, its turns are over, and this page reaches the last message. */
  readonly complete: boolean;
}

/** A file of a session: its path from the workspace's folder on, and its size. */
export type SessionFileView = SessionFile;

/** A conversation that a session has got. */
export type TranscriptView = TranscriptFound;

/** A page of a session's files, by their paths. */
export interface SessionFilePageView {
  readonly files: readonly SessionFileView[];
  /** The files are as they were then. */
  readonly snapshotAt: IsoTime;
  /** Pass it as `after` to get the next page; absent on the last page. */
  readonly next?: string;
}
