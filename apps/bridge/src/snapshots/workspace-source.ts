import { pipeline } from 'node:stream';
import { createGzip } from 'node:zlib';
import { checked, openSnapshot } from '@remuda/blobs';
import { artifactBlob, uploadBlob, type Blobs, type SnapshotIndex, type WorkspaceSource } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';

/** Where the files are with which jobs begin. */
export interface WorkspaceSources {
  readonly store: Pick<SnapshotIndex, 'findWorkspace'>;
  /** Snapshots. */
  readonly blobs: Blobs;
  readonly uploads: Blobs;
  readonly artifacts: Blobs;
}

/** Files as a tar.gz; its size where it is known. */
export interface PackedFiles {
  readonly content: AsyncIterable<Uint8Array>;
  readonly bytes?: number;
}

/** The packed files with which a job begins; undefined if it begins with none, or they are gone. */
export async function openWorkspace(
  { store, blobs, uploads, artifacts }: WorkspaceSources,
  job: string,
): Promise<PackedFiles | undefined> {
  const source = await store.findWorkspace(job);
  if (source?.kind === 'upload') return openUpload(uploads, source.upload);
  if (source?.kind === 'artifacts') return openArtifacts(artifacts, source);
  return source && openSnapshot(blobs, source, 'files');
}

/** They are kept unpacked; workers take files packed. */
async function openArtifacts(
  blobs: Blobs,
  { job, artifacts }: WorkspaceSource & { readonly kind: 'artifacts' },
): Promise<PackedFiles | undefined> {
  const blob = await blobs.get(artifactBlob.archive(job, artifacts));
  // What went wrong on the way is thrown where the packed content is read.
  return (
    blob && { content: pipeline(checked(blob.content, artifacts.sha256), createGzip({ level: 1 }), () => undefined) }
  );
}

async function openUpload(uploads: Blobs, id: string): Promise<PackedFiles | undefined> {
  const record = await uploads.get(uploadBlob.record(id));
  const said = record && parseJson(await textOf(record));
  if (!isRecord(said) || typeof said['storedSha256'] !== 'string') return undefined;
  const blob = await uploads.get(uploadBlob.content(id));
  return blob && { bytes: blob.bytes, content: checked(blob.content, said['storedSha256']) };
}

async function textOf({ content }: PackedFiles): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
