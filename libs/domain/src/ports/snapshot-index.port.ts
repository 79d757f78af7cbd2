import type { Snapshot } from '../jobs/snapshot.js';

/** What jobs' records say of their snapshots. Every call rejects with `redis.unavailable` in an outage. */
export interface SnapshotIndex {
  /** Notes a snapshot that is kept, and gives the one that it replaced; `ended` when its lease is no longer the job's of now. */
  note(job: string, worker: string, snapshot: Snapshot): Promise<{ readonly replaced?: Snapshot } | 'ended'>;
  /** The job's snapshot; undefined where there is none. */
  find(job: string): Promise<Snapshot | undefined>;
  /** The jobs that may still have use for a snapshot, since they are known and not over, each with the one that is noted. */
  stillOpen(jobs: readonly string[]): Promise<ReadonlyMap<string, Snapshot | undefined>>;
}
