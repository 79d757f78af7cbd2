/**
 * Metadata of a snapshot: a copy of an attempt's session and workspace, taken while the attempt ran. The copy itself is
 * a blob; `snapshotName` gives its name.
 */
export interface Snapshot {
  /** The engine's session, a UUID. */
  readonly sessionId: string;
  /** When the worker started taking it, epoch ms. */
  readonly at: number;
  /** The lease under which it was taken. */
  readonly lease: number;
  /** Which copy of that lease it is; absent for older snapshots, from before copies had names. */
  readonly copy?: string;
  /** Size of the copy. */
  readonly bytes: number;
  /** SHA-256 of the copy, in hex; absent for older snapshots. */
  readonly sha256?: string;
  /** This many bytes at its beginning are the session, the rest is the workspace. */
  readonly sessionBytes: number;
  /** The commit that the attempt began with, in a git workspace: the base of the job's patch. */
  readonly base?: string;
  /** Whether it was taken when the turn had ended, and has all of it. */
  readonly whole?: boolean;
}

/** Where a turn of a session takes up the conversation: the snapshot of an earlier turn, and that turn's job. */
export interface TurnOrigin {
  readonly job: string;
  readonly snapshot: Snapshot;
}

/**
 * What a snapshot that a client has made of a session is named by, instead of a job: `e-` and a UUID. Nothing is known of such a
 * snapshot but that a session names it.
 */
export const editMark = 'e-';

/** Whether a snapshot is named by an edit instead of a job. */
export function isEdit(name: string): boolean {
  return name.startsWith(editMark);
}

/** A worker's description of a snapshot that it sends: the bridge knows the lease, and counts the bytes. */
export type SnapshotNote = Omit<Snapshot, 'lease' | 'copy' | 'bytes' | 'sha256'>;

/** Whether a text can identify a copy: 16 lower-case hex digits. */
export function isSnapshotCopy(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

/**
 * The name under which a job's snapshot is stored. Each copy has its own, so that a write never overwrites a recorded
 * one.
 */
export function snapshotName(job: string, { lease, copy }: Pick<Snapshot, 'lease' | 'copy'>): string {
  return copy === undefined ? `${job}.${String(lease)}` : `${job}.${String(lease)}.${copy}`;
}

/** The job of a snapshot; undefined for any other name. */
export function jobOfSnapshot(name: string): string | undefined {
  return /^([a-z0-9-]{1,63})\.\d{1,15}(?:\.[0-9a-f]{16})?$/.exec(name)?.[1];
}
