import type { KeptArtifacts } from '../files/artifact.js';
import type { Snapshot, TurnOrigin } from '../jobs/snapshot.js';

/** The files with which a job begins, where it begins with some of ours. */
export type WorkspaceSource =
  | { readonly kind: 'upload'; readonly upload: string }
  | ({ readonly kind: 'snapshot' } & TurnOrigin)
  | { readonly kind: 'artifacts'; readonly job: string; readonly artifacts: KeptArtifacts };

/** The snapshots and artifacts recorded for jobs. Every call rejects with `redis.unavailable` in an outage. */
export interface SnapshotIndex {
  /**
   * Records a stored snapshot, and returns the one that it replaced; `ended` if its lease is no longer the job's
   * current one.
   */
  note(job: string, worker: string, snapshot: Snapshot): Promise<{ readonly replaced?: Snapshot } | 'ended'>;
  /**
   * Records stored artifacts, and returns those that they replaced; `ended` if their lease is no longer the job's current
   * one.
   */
  noteArtifacts(
    job: string,
    worker: string,
    artifacts: KeptArtifacts,
  ): Promise<{ readonly replaced?: KeptArtifacts } | 'ended'>;
  /** Of these jobs, those whose records are there, each with its recorded artifacts. */
  artifactsOf(jobs: readonly string[]): Promise<ReadonlyMap<string, KeptArtifacts | undefined>>;
  /** Whether an archive keeps jobs that are over for longer than their records are here. */
  hasArchive(): Promise<boolean>;
  /** The job's snapshot; undefined where there is none. */
  find(job: string): Promise<Snapshot | undefined>;
  /** Where the job takes up its session's conversation; undefined for nowhere. */
  findOrigin(job: string): Promise<TurnOrigin | undefined>;
  /**
   * The files with which the job begins; undefined for none, also where its session has none any more. Of
   * another job those that its record names, or, where that is gone, those that were kept when this job was accepted.
   */
  findWorkspace(job: string): Promise<WorkspaceSource | undefined>;
  /** Of these jobs, those whose snapshot is now that of their session, each with it. It is kept whatever its age. */
  keptBySessions(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot>>;
  /** The jobs that may still need a snapshot (known and not over), each with its recorded one. */
  stillOpen(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot | undefined>>;
}
