import type { Snapshot } from '@remuda/domain';

/** What jobs' records say of their snapshots. Every call rejects with `redis.unavailable` in an outage. */
export interface SnapshotBook {
  /** Notes a snapshot that is kept; false when its lease is no longer the job's of now. */
  note(job: string, worker: string, snapshot: Snapshot): Promise<boolean>;
  /** The job's snapshot; undefined where there is none. */
  find(job: string): Promise<Snapshot | undefined>;
  /** Those of the jobs that may still have use for a snapshot: they are known, and not over. */
  stillOpen(jobs: readonly string[]): Promise<ReadonlySet<string>>;
}
