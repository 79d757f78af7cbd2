import type { GitOutcome, GitPush, NewEvent, PushOutcome, Snapshot, Workspace } from '@remuda/domain';
import type { ScriptEnd } from '@remuda/engine';
import type { EgressRefused } from '@remuda/protocol';

/** The workspace of an attempt. */
export interface WorkspaceKeeper {
  /** Creates the job's files; resolves with the checked-out commit. Rejects with `workspace.failed`. */
  prepare(workspace: Workspace, token: string, signal: AbortSignal): Promise<string | undefined>;
  /** The job's changes to its repository; undefined if there is none. */
  collect(workspace: Workspace, base: string | undefined): Promise<{ git?: GitOutcome; warnings: readonly string[] }>;
  /** Empties it, as before the first job. */
  clear(): Promise<void>;
  /**
   * Runs the profile's script in it, with the environment of the job's tools. Absent: the profile has none. Never rejects; is killed
   * if the signal aborts.
   */
  readonly script?: WorkspaceScript | undefined;
}

/** A profile's script that prepares workspaces. */
export interface WorkspaceScript {
  readonly text: string;
  run(tools: ToolsEnvironment, signal: AbortSignal): Promise<ScriptEnd>;
}

/** What a job's tools have in their environment. */
export interface ToolsEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Their proxy. Absent: they reach no other host. */
  readonly egressProxy?: string;
}

/** The turn to copy while it runs. */
export interface WatchedTurn {
  /** The job's bridge token. */
  readonly token: string;
  readonly base: string | undefined;
  /** Called once if no more snapshots are taken although the turn continues. */
  readonly warn: (message: string) => void;
}

/** A turn of a session that has ended, and the engine's session. */
export interface EndedTurn extends Pick<WatchedTurn, 'token' | 'base'> {
  readonly sessionId: string;
  /** The agent's id of its last message, if the agent is alive: the transcript is complete when it has it. */
  readonly lastMessage?: string;
}

/** Whether the snapshot of a turn was stored: its time (epoch ms), or why not. */
export type Kept = { readonly at: number } | { readonly why: string };

/** Which snapshot: that of the job, that of the turn before in its session, or the files with which the job begins. */
type SnapshotOf = 'job' | 'origin' | 'workspace';

/** Whose snapshot is restored, and the job's bridge token. */
export interface SnapshotSource {
  readonly of: SnapshotOf;
  readonly token: string;
}

/** Takes snapshots of a turn: receives its events until it is stopped. */
export interface SnapshotWatch {
  note(event: NewEvent): void;
  /** Resolves when no copy is running any more. Safe to call twice. */
  stop(): Promise<void>;
}

/** Result of restoring a snapshot; the message says why it is not available. */
export type Restored = { readonly kind: 'restored' } | { readonly kind: 'unavailable'; readonly message: string };

/** Copies sessions out of this container and into it. */
export interface SnapshotKeeper {
  /** Starts taking snapshots of a turn. */
  watch(turn: WatchedTurn): SnapshotWatch;
  /** Restores a snapshot. Rejects with `workspace.failed` if it cannot be unpacked. */
  restore(snapshot: Snapshot, from: SnapshotSource, signal: AbortSignal): Promise<Restored>;
  /** Takes the snapshot of a turn that has ended. Never rejects. */
  keep(turn: EndedTurn, signal: AbortSignal): Promise<Kept>;
}

/** Files of ours with which a job begins. */
export interface FileKeeper {
  /** Fills the workspace with them. Rejects with `workspace.failed`, or `workspace.unavailable` for a transient fault. */
  fill(token: string, signal: AbortSignal): Promise<void>;
  /** Keeps the files of the workspace that the globs name. Resolves with what there is to warn of. Never rejects. */
  keep(globs: readonly string[], token: string, signal: AbortSignal): Promise<readonly string[]>;
}

/** What is to be pushed of an attempt that has succeeded. */
export interface PushAim {
  readonly push: GitPush;
  readonly branch: string;
  readonly job: string;
  /** The job's bridge token. */
  readonly token: string;
  /** The commit from which the job started. */
  readonly base: string;
}

/** Has a job's commits pushed by the bridge. */
export interface PushKeeper {
  /** Resolves with what came of it. Never rejects. */
  push(aim: PushAim, signal: AbortSignal): Promise<PushOutcome>;
}

/** A proxy for a job's tools, while it is open. */
export interface OpenEgress {
  /** `http://127.0.0.1:4444` */
  readonly url: string;
  /** Closes it and all its connections; what was refused so far has been told then. Never rejects. */
  close(): Promise<void>;
}

/** The way of a job's tools to other hosts. */
export interface EgressKeeper {
  /** Opens it for the job with this token; `onRefused` is called for each host that the bridge refuses. */
  open(token: string, onRefused: (refused: EgressRefused) => void): Promise<OpenEgress>;
}
