import type { GitOutcome, Snapshot, Workspace } from '@remuda/domain';
import type { SnapshotWatch, WatchedTurn } from './snapshots.js';

/** Where an attempt works. */
export interface WorkspaceKeeper {
  /** Puts the job's files in place; the commit that was checked out. Rejects with `workspace.failed`. */
  prepare(workspace: Workspace, token: string, signal: AbortSignal): Promise<string | undefined>;
  /** What the job left in its repository; undefined where there is none. */
  collect(workspace: Workspace, base: string | undefined): Promise<{ git?: GitOutcome; warnings: readonly string[] }>;
  /** Empties it, as it was before the first job. */
  clear(): Promise<void>;
}

/** Brings sessions out of this container and into it. */
export interface SnapshotKeeper {
  /** Begins to take snapshots of a turn. */
  watch(turn: WatchedTurn): SnapshotWatch;
  /** Brings a snapshot back; false when it can't be had. Rejects with `workspace.failed` when it can't be unpacked. */
  restore(snapshot: Snapshot, token: string, signal: AbortSignal): Promise<boolean>;
}
