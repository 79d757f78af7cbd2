import { checked } from '@remuda/blobs';
import { snapshotName, uploadBlob, type Blobs, type OpenBlob, type SnapshotIndex } from '@remuda/domain';
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
  if (source?.kind !== 'snapshot') return undefined;
  const { sessionBytes, sha256 } = source.snapshot;
  const blob = await blobs.get(snapshotName(source.job, source.snapshot));
  if (!blob) return undefined;
  const content = sha256 === undefined ? blob.content : checked(blob.content, sha256);
  return { bytes: blob.bytes - sessionBytes, content: after(content, sessionBytes) };
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

/** All but the first bytes. */
async function* after(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of content) {
    const rest = chunk.subarray(Math.min(left, chunk.byteLength));
    left -= chunk.byteLength - rest.byteLength;
    if (rest.byteLength > 0) yield rest;
  }
}
