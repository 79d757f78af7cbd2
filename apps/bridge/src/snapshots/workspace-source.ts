import { checked, openSnapshot } from '@remuda/blobs';
import { uploadBlob, type Blobs, type OpenBlob, type SnapshotIndex } from '@remuda/domain';
import { isRecord, parseJson } from '@remuda/protocol';

/** Where the files are with which jobs begin. */
export interface WorkspaceSources {
  readonly store: Pick<SnapshotIndex, 'findWorkspace'>;
  /** Snapshots. */
  readonly blobs: Blobs;
  readonly uploads: Blobs;
}

/** The packed files with which a job begins; undefined if it begins with none, or they are gone. */
export async function openWorkspace(
  { store, blobs, uploads }: WorkspaceSources,
  job: string,
): Promise<OpenBlob | undefined> {
  const source = await store.findWorkspace(job);
  if (source?.kind === 'upload') return openUpload(uploads, source.upload);
  return source && openSnapshot(blobs, source, 'files');
}

async function openUpload(uploads: Blobs, id: string): Promise<OpenBlob | undefined> {
  const record = await uploads.get(uploadBlob.record(id));
  const said = record && parseJson(await textOf(record));
  if (!isRecord(said) || typeof said['storedSha256'] !== 'string') return undefined;
  const blob = await uploads.get(uploadBlob.content(id));
  return blob && { bytes: blob.bytes, content: checked(blob.content, said['storedSha256']) };
}

async function textOf({ content }: OpenBlob): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
