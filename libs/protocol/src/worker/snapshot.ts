import { isSnapshotCopy, type Snapshot, type SnapshotNote } from '@remuda/domain';
import { isUnderstood, messageFormats } from '../format.js';
import { isRecord, parseJson } from '../reader/json.js';

/**
 * The bridge's snapshot listener is HTTP: `PUT /snapshot` with the note in this header stores the body for the token's
 * job, `GET /snapshot` returns it, and `GET /snapshot/origin` that from which a turn of a session takes up its conversation. Chunked bodies show whether they are complete, which raw bytes on a socket do not.
 */
export const snapshotNoteHeader = 'x-remuda-snapshot';

/** The path of a job's snapshot. */
export const snapshotPath = '/snapshot';

/** Status of a snapshot whose digest is not the one that was recorded: it will not be another time. */
export const snapshotBrokenStatus = 410;
/** The path of the snapshot from which a turn of a session takes up its conversation. */
export const originPath = '/snapshot/origin';

/** The path of the files with which a job begins: an upload, or those of a session. A tar.gz. */
export const workspacePath = '/workspace';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const commit = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Writes a worker's note of a snapshot. */
export function encodeSnapshotNote(note: SnapshotNote): string {
  return JSON.stringify({ v: messageFormats.own, ...note });
}

/** Reads a worker's note of a snapshot; undefined for anything else. It comes from a container. */
export function readSnapshotNote(text: string): SnapshotNote | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || !isUnderstood(value['v'])) return undefined;
  const { sessionId, at, sessionBytes, base } = value;
  const whole = value['whole'] === true ? { whole: true } : {};
  if (typeof sessionId !== 'string' || !uuid.test(sessionId) || !isCount(at) || !isCount(sessionBytes))
    return undefined;
  if (base === undefined) return { sessionId, at, sessionBytes, ...whole };
  return typeof base === 'string' && commit.test(base) ? { sessionId, at, sessionBytes, base, ...whole } : undefined;
}

/** Reads a snapshot from a job's record. */
export function readSnapshot(text: string): Snapshot | undefined {
  const note = readSnapshotNote(text);
  const value = parseJson(text);
  if (!note || !isRecord(value)) return undefined;
  const { lease, bytes, copy, sha256 } = value;
  if (!isCount(lease) || !isCount(bytes)) return undefined;
  const stored = { ...note, lease, bytes, ...(typeof sha256 === 'string' ? { sha256 } : {}) };
  if (copy === undefined) return stored;
  return typeof copy === 'string' && isSnapshotCopy(copy) ? { ...stored, copy } : undefined;
}
