import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { keptFiles } from '@remuda/blobs';
import {
  artifactBlob,
  artifactLimits,
  RemudaError,
  type Artifact,
  type Blobs,
  type Clock,
  type KeptArtifacts,
  type SnapshotIndex,
} from '@remuda/domain';
import { artifactsFaultHeader, type BridgeGrant } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';

/** Dependencies of keeping artifacts. */
export interface ArtifactParts {
  readonly artifacts: Blobs;
  /** Content of the files of one job. */
  readonly artifactBytes: number;
  readonly store: SnapshotIndex;
  /** The cluster's clock. */
  readonly clock: Clock;
  readonly log: Logger;
}

type Ending = 'stored' | 'ended' | 'too_large' | 'full' | 'refused';

/**
 * Stores what is sent as archive and list under new names, records them, and only then removes those before: whatever fails in
 * between, the record names complete ones. The archive comes from a container: it is written anew, with files only.
 */
export async function keepArtifacts(
  { content, response }: { readonly content: AsyncIterable<Uint8Array>; readonly response: ServerResponse },
  { artifacts, artifactBytes: maxBytes, store, clock, log }: ArtifactParts,
  { job, worker, lease }: BridgeGrant,
): Promise<Ending> {
  const named = { lease, copy: randomBytes(8).toString('hex') };
  const list: Artifact[] = [];
  const limits = { maxEntries: artifactLimits.files, maxBytes };
  const names = (of: Pick<KeptArtifacts, 'lease' | 'copy'>) =>
    [artifactBlob.archive(job, of), artifactBlob.list(job, of)] as const;
  const remove = async (of: Pick<KeptArtifacts, 'lease' | 'copy'>): Promise<void> => {
    for (const name of names(of)) await artifacts.remove(name);
  };
  const [archiveName, listName] = names(named);
  try {
    const archive = await artifacts.put(archiveName, keptFiles(content, limits, list));
    if (archive.kind !== 'stored') return archive.kind;
    const listed = await artifacts.put(listName, once(JSON.stringify(list)));
    if (listed.kind !== 'stored') {
      await artifacts.remove(archiveName);
      return listed.kind;
    }
    const bytes = list.reduce((sum, file) => sum + file.bytes, 0);
    const digests = { sha256: archive.sha256, listSha256: listed.sha256 };
    const kept = { at: clock.now(), ...named, files: list.length, bytes, ...digests };
    const noted = await store.noteArtifacts(job, worker, kept);
    if (noted === 'ended') {
      await remove(named);
      return 'ended';
    }
    if (noted.replaced) await remove(noted.replaced);
    log.debug({ job, lease, files: list.length, bytes }, 'artifacts kept');
    return 'stored';
  } catch (error) {
    if (!(error instanceof RemudaError && error.code === 'upload.invalid')) throw error;
    log.warn({ job, why: error.message }, 'artifacts are refused');
    response.setHeader(artifactsFaultHeader, encodeURIComponent(error.message.slice(0, 500)));
    return 'refused';
  }
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}
