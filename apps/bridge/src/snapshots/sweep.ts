import { jobOfSnapshot, type Clock } from '@remuda/domain';
import type { Logger } from '@remuda/runtime';
import type { Blobs, SeenBlob } from './blobs.port.js';
import type { SnapshotBook } from './snapshot-book.port.js';

/** What keeping the folder small takes. */
export interface SnapshotSweep {
  readonly blobs: Blobs;
  readonly book: SnapshotBook;
  /** Age in ms after which a snapshot goes, whatever its job does. */
  readonly keepMs: number;
  readonly clock: Clock;
}

/** Removes the snapshots that nobody has use for; gives how many. Rejects with `redis.unavailable` in an outage. */
export async function sweepSnapshots({ blobs, book, keepMs, clock }: SnapshotSweep): Promise<number> {
  const seen = await blobs.list();
  const jobs = [...new Set(seen.flatMap(({ name }) => jobOfSnapshot(name) ?? []))];
  const open = await book.stillOpen(jobs);
  const unwanted = unwantedOf(seen, open, clock.now() - keepMs);
  for (const name of unwanted) await blobs.remove(name);
  return unwanted.length;
}

/** Which of the blobs are to go: too old, of a job that is over or unknown, or no snapshot at all. */
export function unwantedOf(seen: readonly SeenBlob[], open: ReadonlySet<string>, oldest: number): readonly string[] {
  return seen.filter(({ name, at }) => at < oldest || !open.has(jobOfSnapshot(name) ?? '')).map(({ name }) => name);
}

const sweepEveryMs = 60_000;

/** Sweeps once a minute until the signal aborts; what an outage keeps it from is done the next time. */
export async function keepSwept(sweep: SnapshotSweep & { readonly log: Logger }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await sweepSnapshots(sweep).catch((error: unknown) => {
      sweep.log.warn({ err: error }, 'the snapshots could not be swept');
    });
    await sweep.clock.sleep(sweepEveryMs, signal).catch(() => undefined);
  }
}
