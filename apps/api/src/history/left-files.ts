import { artifactBlob, type Blobs, type JobRecord, type SnapshotIndex } from '@remuda/domain';

/** Jobs whose blobs are removed at once. */
const atOnce = 10;

/** Removes the artifacts of jobs that the archive forgets. Those of a job stay that Redis still has: its record names them. */
export function fileRemover(
  blobs: Pick<Blobs, 'remove'>,
  recent: Pick<SnapshotIndex, 'artifactsOf'>,
): (jobs: readonly JobRecord[]) => Promise<void> {
  return async (jobs) => {
    const withFiles = jobs.filter(({ keptArtifacts }) => keptArtifacts);
    const stillThere = await recent.artifactsOf(withFiles.map(({ id }) => id));
    const left = withFiles.filter(({ id }) => !stillThere.has(id));
    for (let from = 0; from < left.length; from += atOnce)
      await Promise.all(
        left
          .slice(from, from + atOnce)
          .flatMap(namesOf)
          .map((name) => blobs.remove(name)),
      );
  };
}

function namesOf({ id, keptArtifacts: kept }: JobRecord): readonly string[] {
  return kept ? [artifactBlob.list(id, kept), artifactBlob.archive(id, kept)] : [];
}
