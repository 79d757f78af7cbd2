/** A job's artifacts as its record names them: which blobs count, and their digests. */
export interface KeptArtifacts {
  /** When they were stored, epoch ms. */
  readonly at: number;
  /** The lease under which they were collected. */
  readonly lease: number;
  /** Which copy of that lease it is: 16 hex digits. */
  readonly copy: string;
  readonly files: number;
  /** Content of all files. */
  readonly bytes: number;
  /** SHA-256 of the archive, in hex. */
  readonly sha256: string;
  /** SHA-256 of the list, in hex. */
  readonly listSha256: string;
}

/** A file in the archive of a job's artifacts. */
export interface Artifact {
  readonly path: string;
  readonly bytes: number;
  /** SHA-256 of its content, in hex. */
  readonly sha256: string;
  /** Where its content begins in the archive. */
  readonly from: number;
}

/** Limits on the artifacts of one job. `files`: with the folders that hold them. */
export const artifactLimits = { globs: 32, globCharacters: 200, files: 10_000 } as const;

type Named = Pick<KeptArtifacts, 'lease' | 'copy'>;

/** Names of the blobs of a job's artifacts. */
export const artifactBlob = {
  archive: (job: string, { lease, copy }: Named) => `${job}.${String(lease)}.${copy}.tar`,
  list: (job: string, { lease, copy }: Named) => `${job}.${String(lease)}.${copy}.json`,
} as const;

/** The job of such a blob; undefined for any other name. */
export function jobOfArtifacts(name: string): string | undefined {
  return /^([a-z0-9-]{1,63})\.\d{1,15}\.[0-9a-f]{16}\.(?:tar|json)$/.exec(name)?.[1];
}

/** Ages at which artifacts are removed, in ms. */
export interface ArtifactAges {
  /** Of any. */
  readonly keepMs: number;
  /** Of what no record names: it may be about to be recorded. */
  readonly unnotedMs: number;
}

/**
 * Blobs of artifacts to remove: too old, or not those that the record of their job names. `noted` has the jobs whose records are
 * there. With an archive (`isArchived`) a job may be in that alone: its artifacts go with that record, or when they are old.
 */
export function unwantedArtifacts(
  seen: readonly { readonly name: string; readonly at: number }[],
  noted: ReadonlyMap<string, KeptArtifacts | undefined>,
  { now, ages, isArchived }: { readonly now: number; readonly ages: ArtifactAges; readonly isArchived: boolean },
): readonly string[] {
  const isUnwanted = ({ name, at }: { readonly name: string; readonly at: number }): boolean => {
    const job = jobOfArtifacts(name);
    if (job === undefined || at < now - ages.keepMs) return true;
    if (at >= now - ages.unnotedMs) return false;
    if (!noted.has(job)) return !isArchived;
    const of = noted.get(job);
    return of === undefined || ![artifactBlob.archive(job, of), artifactBlob.list(job, of)].includes(name);
  };
  return seen.filter(isUnwanted).map(({ name }) => name);
}
