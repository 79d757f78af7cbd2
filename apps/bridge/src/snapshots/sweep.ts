import {
  jobOfSnapshot,
  snapshotName,
  type Clock,
  type Snapshot,
  type Blobs,
  type SeenBlob,
  type SnapshotIndex,
} from '@remuda/domain';
import type { Logger } from '@remuda/runtime';

/** What keeping the folder small takes. */
export interface SnapshotSweep {
  readonly blobs: Blobs;
  readonly store: SnapshotIndex;
  /** Age in ms after which a snapshot goes, whatever its job does. */
  readonly keepMs: number;
  readonly clock: Clock;
}

/** Removes the snapshots that nobody has use for; gives how many. Rejects with `redis.unavailable` in an outage. */
export async function sweepSnapshots({ blobs, store, keepMs, clock }: SnapshotSweep): Promise<number> {
  const seen = await blobs.list();
  const jobs = [...new Set(seen.flatMap(({ name }) => jobOfSnapshot(name) ?? []))];
  const open = await store.stillOpen(jobs);
  const now = clock.now();
  const unwanted = unwantedOf(seen, open, { oldest: now - keepMs, unnoted: now - unnotedMs });
  for (const name of unwanted) await blobs.remove(name);
  return unwanted.length;
}

/** Since when, in epoch ms, a blob has to be there for it to stay. */
export interface SnapshotAges {
  /** Any blob. */
  readonly oldest: number;
  /** One that no record names: it may be about to be noted. */
  readonly unnoted: number;
}

/** A note follows its blob at once; this is long past that, in ms. */
const unnotedMs = 600_000;

/** Which of the blobs are to go: too old, of a job that is over or unknown, not the one that is noted, or no snapshot at all. */
export function unwantedOf(
  seen: readonly SeenBlob[],
  open: ReadonlyMap<string, Snapshot | undefined>,
  { oldest, unnoted }: SnapshotAges,
): readonly string[] {
  const isUnwanted = ({ name, at }: SeenBlob): boolean => {
    const job = jobOfSnapshot(name);
    if (at < oldest || job === undefined || !open.has(job)) return true;
    const noted = open.get(job);
    return at < unnoted && (noted === undefined || name !== snapshotName(job, noted));
  };
  return seen.filter(isUnwanted).map(({ name }) => name);
}

const sweepEveryMs = 60_000;

/** What nobody wrote to for so long, in ms, nobody is writing: a body that falls silent is given up well before. */
const leftMs = 600_000;

/** A sweep that goes on, and tidies what dead bridges left half-way. */
export interface KeptSweep extends SnapshotSweep {
  /** Takes away what is half-way, and nobody wrote to since then (epoch ms). */
  readonly tidy: (before: number) => Promise<void>;
  readonly log: Logger;
}

/** Sweeps once a minute until the signal aborts; what an outage keeps it from is done the next time. */
export async function keepSwept(sweep: KeptSweep, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const done = Promise.all([sweep.tidy(sweep.clock.now() - leftMs), sweepSnapshots(sweep)]);
    await done.catch((error: unknown) => {
      sweep.log.warn({ err: error }, 'the snapshots could not be swept');
    });
    await sweep.clock.sleep(sweepEveryMs, signal).catch(() => undefined);
  }
}
