import { jobOfArtifacts, unwantedArtifacts, type Blobs, type Clock, type SnapshotIndex } from '@remuda/domain';

/** Dependencies of the sweep of artifacts. */
export interface ArtifactSweep {
  readonly artifacts: Blobs;
  readonly store: SnapshotIndex;
  /** Age at which they are removed, in ms. */
  readonly artifactsKeepMs: number;
  readonly clock: Clock;
}

/** Artifacts are recorded immediately after they were stored; this is much longer, in ms. */
const unnotedMs = 600_000;

/** Removes artifacts that are old, or that no record of their job names; returns how many blobs. */
export async function sweepArtifacts({
  artifacts,
  store,
  artifactsKeepMs: keepMs,
  clock,
}: ArtifactSweep): Promise<number> {
  const seen = await artifacts.list();
  const jobs = [...new Set(seen.flatMap(({ name }) => jobOfArtifacts(name) ?? []))];
  const [noted, isArchived] = await Promise.all([store.artifactsOf(jobs), store.hasArchive()]);
  const unwanted = unwantedArtifacts(seen, noted, { now: clock.now(), ages: { keepMs, unnotedMs }, isArchived });
  for (const name of unwanted) await artifacts.remove(name);
  return unwanted.length;
}
