import { snapshotName, type Blobs, type OpenBlob, type TurnOrigin } from '@remuda/domain';
import { checked } from './checked.js';

/** A snapshot's part: what the session's conversation is in, or its files. Both are a tar.gz. */
export type SnapshotPart = 'conversation' | 'files';

/**
 * Opens a part of a snapshot; undefined if the snapshot is gone. All of it is read, to check its digest: other content
 * ends with `blobs.broken` before the last bytes.
 */
export async function openSnapshot(
  blobs: Pick<Blobs, 'get'>,
  { job, snapshot }: TurnOrigin,
  part: SnapshotPart,
): Promise<OpenBlob | undefined> {
  const { sessionBytes, sha256 } = snapshot;
  const blob = await blobs.get(snapshotName(job, snapshot));
  if (!blob) return undefined;
  const content = sha256 === undefined ? blob.content : checked(blob.content, sha256);
  return part === 'files'
    ? { bytes: blob.bytes - sessionBytes, content: after(content, sessionBytes) }
    : { bytes: sessionBytes, content: first(content, sessionBytes) };
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

/** The first bytes; the last chunk of them comes when the rest was read. */
async function* first(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  let last: Uint8Array | undefined;
  for await (const chunk of content) {
    const part = chunk.subarray(0, left);
    left -= part.byteLength;
    if (part.byteLength === 0) continue;
    if (last) yield last;
    last = part;
  }
  if (last) yield last;
}
