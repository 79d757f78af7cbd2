import type { SeenBlob } from '../ports/blobs.port.js';
import { readUploadBlob } from './upload.js';

/** How short the disk is. `short`: what nobody refers to goes early. `emergency`: also what can be done without. */
export type DiskLevel = 'enough' | 'short' | 'emergency';

/** The level for so much free space; where nobody knows it there is enough. */
export function diskLevel(freeBytes: number | undefined, minFreeBytes: number): DiskLevel {
  if (freeBytes === undefined || freeBytes >= minFreeBytes) return 'enough';
  return freeBytes >= minFreeBytes / 4 ? 'short' : 'emergency';
}

/** Ages in ms at which blobs of uploads go. */
export interface UploadAges {
  /** A complete one that no job needs. */
  readonly keepMs: number;
  /** An incomplete one, since its last part. */
  readonly unfinishedMs: number;
}

/** What is being written or about to be recorded is left alone for this long, in ms, whatever the level. */
export const freshMs = 600_000;

/**
 * Blobs of uploads to remove. A complete upload stays as long as a job that is not over begins with it, whatever its age and
 * the level of the disk; others until they are old, or the disk is short. `open`: jobs that are known and not over.
 */
export function unwantedUploads(
  seen: readonly SeenBlob[],
  open: ReadonlySet<string>,
  { now, ages, level }: { readonly now: number; readonly ages: UploadAges; readonly level: DiskLevel },
): readonly string[] {
  const read = seen.map((blob) => ({ ...blob, is: readUploadBlob(blob.name) }));
  const used = new Set(read.flatMap(({ is }) => (is?.kind === 'use' && open.has(is.job) ? [is.id] : [])));
  const latest = new Map<string, number>();
  for (const { is, at } of read) if (is) latest.set(is.id, Math.max(at, latest.get(is.id) ?? 0));
  const isUnwanted = ({ is, at }: (typeof read)[number]): boolean => {
    if (!is) return now - at > freshMs;
    if (is.kind === 'use') return !open.has(is.job) && now - at > freshMs;
    if (is.kind !== 'part' && used.has(is.id)) return false;
    const keepMs = level === 'enough' ? (is.kind === 'part' ? ages.unfinishedMs : ages.keepMs) : freshMs;
    return now - (latest.get(is.id) ?? at) > keepMs;
  };
  return read.filter(isUnwanted).map(({ name }) => name);
}
