import type { PermissionMode, ToolRules, Workspace } from '../jobs/job.js';
import type { LackingTurn } from './lacking-turn.js';
import type { SessionState } from './session-state.js';

export const concurrentChoices = ['queue', 'refuse'] as const;
/** What happens to a turn that is sent while another one is under way: it waits for its turn, or is refused. */
export type Concurrent = (typeof concurrentChoices)[number];

/** What all turns of a session have in common. */
export interface SessionSettings {
  readonly profile: string;
  readonly model?: string;
  readonly appendSystemPrompt?: string;
  readonly tools?: ToolRules;
  readonly permissionMode?: PermissionMode;
  readonly workspace: Workspace;
  /** US dollars for all its turns together; each gets what is left. */
  readonly maxBudgetUsd?: number;
  /** How long a worker waits for the next turn, with Claude Code alive, in ms; 0: not at all. */
  readonly idleMs: number;
  /** Names of the operator's secrets that each turn gets, with its own. */
  readonly secrets?: readonly string[];
  /** Each turn has them, with its own. */
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Identifies a session. The id alone, without the tenant, does not. */
export interface SessionRef {
  readonly tenant: string;
  readonly id: string;
}

/** Where a session has its beginning from: another one, as it was after one of its turns. */
export interface ForkPoint {
  readonly session: string;
  readonly turn: number;
}

/** A conversation that keeps its files from turn to turn. Its id is ours, whatever Claude Code calls it. */
export interface SessionRecord extends SessionRef {
  readonly state: SessionState;
  readonly settings: SessionSettings;
  readonly concurrent: Concurrent;
  /** Of how many of its latest turns the snapshots are kept, to fork from; at least 1, which is the default. */
  readonly keepTurns: number;
  /** Of a session that was forked: from where. It has the turns up to this one in common with that session. */
  readonly forkedFrom?: ForkPoint;
  /** Epoch ms. */
  readonly createdAt: number;
  /** When its state last changed, or a turn began (epoch ms). */
  readonly changedAt: number;
  /** The job that is its turn now. */
  readonly turn?: string;
  /** The job of its last turn while the snapshot of that is being taken: the next turn begins after it. */
  readonly saving?: string;
  /** Turns since its latest snapshot of which nothing could be kept. */
  readonly lacks?: readonly LackingTurn[];
  /** The worker that waits for its next turn, with Claude Code alive. */
  readonly worker?: string;
  /** Jobs that wait until their turn comes, in this order. */
  readonly waiting: readonly string[];
  /** Turns that have begun so far. */
  readonly turns: number;
  /** What its turns that are over have cost, in US dollars. */
  readonly costUsd: number;
  /** When the snapshot was taken from which the next turn goes on (epoch ms). */
  readonly snapshotAt?: number;
}
