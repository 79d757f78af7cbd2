import {
  diskLevel,
  freshMs,
  isEdit,
  jobOfSnapshot,
  snapshotName,
  type Clock,
  type DiskLevel,
  type Snapshot,
  type Blobs,
  type SeenBlob,
  type SnapshotIndex,
} from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import { sweepArtifacts, type ArtifactSweep } from './sweep-artifacts.js';
import { sweepUploads, type UploadSweep } from './sweep-uploads.js';

/** Dependencies of the sweep. */
export interface SnapshotSweep {
  readonly blobs: Blobs;
  readonly store: SnapshotIndex;
  /** Age in ms at which a snapshot is removed, whatever the state of its job, unless a session goes on from it. */
  readonly keepMs: number;
  readonly clock: Clock;
}

/**
 * Removes obsolete snapshots; returns how many. In an emergency of the disk those of running jobs go early as well, which then
 * run their prompt again if their worker is lost. Rejects with `redis.unavailable` in an outage.
 */
export async function sweepSnapshots(
  { blobs, store, keepMs, clock }: SnapshotSweep,
  level: DiskLevel = 'enough',
): Promise<number> {
  const seen = await blobs.list();
  const jobs = [...new Set(seen.flatMap(({ name }) => jobOfSnapshot(name) ?? []))];
  const [open, kept] = await Promise.all([store.stillOpen(jobs), store.keptBySessions(jobs)]);
  const now = clock.now();
  const unwanted = unwantedOf(
    seen,
    { open, kept },
    { oldest: now - (level === 'emergency' ? freshMs : keepMs), unnoted: now - unnotedMs },
  );
  for (const name of unwanted) await blobs.remove(name);
  return unwanted.length;
}

/** Oldest time of writing, in epoch ms, of blobs that are kept. */
export interface SnapshotAges {
  /** Any blob. */
  readonly oldest: number;
  /** A blob that no record names: it may be about to be recorded. */
  readonly unnoted: number;
}

/** A blob is recorded immediately after it was written; this is much longer, in ms. */
const unnotedMs = 600_000;

/** Snapshots in use, by their jobs: of jobs that are not over, if they have one, and of sessions. */
export interface Wanted {
  readonly open: ReadonlyMap<string, Snapshot | undefined>;
  readonly kept: ReadonlyMap<string, Snapshot>;
}

/**
 * Blobs to remove: too old, of a job that is over or unknown, not the recorded one, or not a snapshot at all. That from
 * which a session goes on is none of these.
 */
export function unwantedOf(
  seen: readonly SeenBlob[],
  { open, kept }: Wanted,
  { oldest, unnoted }: SnapshotAges,
): readonly string[] {
  const isUnwanted = ({ name, at }: SeenBlob): boolean => {
    const job = jobOfSnapshot(name);
    const ofSession = kept.get(job ?? '');
    if (job !== undefined && ofSession && name === snapshotName(job, ofSession)) return false;
    if (job !== undefined && isEdit(job)) return at < unnoted;
    if (at < oldest || job === undefined || !open.has(job)) return true;
    const noted = open.get(job);
    return at < unnoted && (noted === undefined || name !== snapshotName(job, noted));
  };
  return seen.filter(isUnwanted).map(({ name }) => name);
}

const sweepEveryMs = 60_000;

/** After this time without a write, in ms, nobody is writing: a silent body times out well before. */
const leftMs = 600_000;

/** A recurring sweep, which also removes incomplete files of dead bridges. */
export interface KeptSweep extends SnapshotSweep, UploadSweep, ArtifactSweep {
  /** Free disk space below which it is short. */
  readonly minFreeBytes: number;
  /** Called with each look at the disk. */
  readonly onDisk: (freeBytes: number | undefined, level: DiskLevel) => void;
  readonly log: Logger;
}

async function sweepAll(sweep: KeptSweep): Promise<void> {
  const { blobs, uploads, artifacts, clock, minFreeBytes, onDisk, log } = sweep;
  const free = await blobs.freeBytes();
  const level = diskLevel(free, minFreeBytes);
  onDisk(free, level);
  if (level !== 'enough') log.warn({ freeBytes: free, level }, 'the disk of the files is short');
  const left = clock.now() - leftMs;
  const swept = [sweepSnapshots(sweep, level), sweepUploads(sweep, level), sweepArtifacts(sweep)];
  await Promise.all([...[blobs, uploads, artifacts].map((room) => room.tidy(left)), ...swept]);
}

/** Sweeps once a minute until the signal aborts; after an outage the next sweep catches up. */
export async function keepSwept(sweep: KeptSweep, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweepAll(sweep).catch((error: unknown) => {
      sweep.log.warn({ err: error }, 'the files could not be swept');
    });
    await sweep.clock.sleep(sweepEveryMs, signal).catch(() => undefined);
  }
}
