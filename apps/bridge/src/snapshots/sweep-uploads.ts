import {
  readUploadBlob,
  unwantedUploads,
  type Blobs,
  type Clock,
  type DiskLevel,
  type SnapshotIndex,
} from '@remuda/domain';

/** Dependencies of the sweep of uploads. */
export interface UploadSweep {
  readonly uploads: Blobs;
  readonly store: SnapshotIndex;
  /** How long an upload is kept that no job needs, in ms. */
  readonly uploadKeepMs: number;
  readonly clock: Clock;
}

/** How long the parts of an archive wait for the rest of it, in ms. */
const unfinishedMs = 86_400_000;

/** Removes uploads that no job needs and that are old, or sooner where the disk is short; returns how many blobs. */
export async function sweepUploads(
  { uploads, store, uploadKeepMs: keepMs, clock }: UploadSweep,
  level: DiskLevel,
): Promise<number> {
  const seen = await uploads.list();
  const jobs = seen.flatMap(({ name }) => {
    const is = readUploadBlob(name);
    return is?.kind === 'use' ? [is.job] : [];
  });
  const open = new Set((await store.stillOpen([...new Set(jobs)])).keys());
  const unwanted = unwantedUploads(seen, open, { now: clock.now(), ages: { keepMs, unfinishedMs }, level });
  for (const name of unwanted) await uploads.remove(name);
  return unwanted.length;
}
