/**
 * What is known of a snapshot: a copy of an attempt's session and workspace, taken while the attempt ran. The copy itself
 * is a blob; `snapshotName` says which.
 */
export interface Snapshot {
  /** The engine's session, a UUID. */
  readonly sessionId: string;
  /** When the worker began to take it, epoch ms. */
  readonly at: number;
  /** The lease under which it was taken. */
  readonly lease: number;
  /** Which of that lease's copies it is; absent for one that was kept before copies had names of their own. */
  readonly copy?: string;
  /** Size of the copy. */
  readonly bytes: number;
  /** So many bytes at its beginning are the session, all others the workspace. */
  readonly sessionBytes: number;
  /** The commit that the attempt began with, in a git workspace: the job's patch is against it. */
  readonly base?: string;
}

/** What a worker says of a snapshot that it sends: the bridge knows its lease, and counts its bytes. */
export type SnapshotNote = Omit<Snapshot, 'lease' | 'copy' | 'bytes'>;

/** Whether a text can tell one copy from another: 16 lower-case hex digits. */
export function isSnapshotCopy(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/** The name under which a job's snapshot is kept. Each copy has its own: what is being written overwrites nothing that is noted. */
export function snapshotName(job: string, { lease, copy }: Pick<Snapshot, 'lease' | 'copy'>): string {
  return copy === undefined ? `${job}.${String(lease)}` : `${job}.${String(lease)}.${copy}`;
}

/** The job whose snapshot it is; undefined for a name of something else. */
export function jobOfSnapshot(name: string): string | undefined {
  return /^([a-z0-9-]{1,63})\.\d{1,15}(?:\.[0-9a-f]{16})?$/.exec(name)?.[1];
}
