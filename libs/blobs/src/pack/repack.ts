import { createGunzip, createGzip } from 'node:zlib';
import { pipeline, Readable, type Transform } from 'node:stream';
import { EntryWatch, type UnpackLimits } from '@remuda/domain';
import { invalidPack, type OpenEntry } from './packed.js';
import { tarEntries } from './tar-entries.js';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.js';
import { zipEntries, type ReadPart } from './zip-entries.js';

/** An archive that somebody sent. */
export interface SentPack {
  readonly bytes: number;
  readonly read: ReadPart;
}

/** What it unpacks to. */
export interface PackTally {
  files: number;
  bytes: number;
}

/**
 * A tar, tar.gz or zip archive as a tar.gz of ours, which has nothing but files and folders within one folder: whoever unpacks
 * it meets only what was written here. `tally` counts. Fails with `upload.invalid`.
 */
export function repack(pack: SentPack, limits: UnpackLimits, tally: PackTally): AsyncIterable<Uint8Array> {
  return through(rewritten(openPack(pack, limits), limits, tally), createGzip({ level: 1 }));
}

async function* rewritten(
  entries: AsyncIterable<OpenEntry>,
  limits: UnpackLimits,
  tally: PackTally,
): AsyncGenerator<Uint8Array> {
  const watch = new EntryWatch(limits);
  for await (const { content, ...entry } of entries) {
    const checked = watch.next(entry);
    if ('fault' in checked) throw invalidPack(checked.fault);
    const kind = entry.kind === 'folder' ? 'folder' : 'file';
    const bytes = kind === 'file' ? entry.bytes : 0;
    // the folder itself
    if (checked.path !== '') yield tarHeader({ ...entry, kind, path: checked.path, bytes });
    yield* exactly(content, bytes, checked.path);
    yield tarPadding(bytes);
    tally.files += kind === 'file' ? 1 : 0;
    tally.bytes += bytes;
  }
  yield tarEnd;
}

/** Content that has the size that was declared. */
async function* exactly(content: AsyncIterable<Uint8Array>, bytes: number, path: string): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of content) {
    read += chunk.byteLength;
    if (read > bytes) break;
    yield chunk;
  }
  if (read !== bytes) throw invalidPack(`${JSON.stringify(path)} has another size than it says`);
}

async function* openPack({ bytes, read }: SentPack, limits: UnpackLimits): AsyncGenerator<OpenEntry> {
  const head = await beginning(read(0, Math.min(bytes, 512)));
  if (head.subarray(0, 2).toString('latin1') === 'PK') {
    yield* zipEntries(read, bytes);
    return;
  }
  const isPacked = head[0] === 0x1f && head[1] === 0x8b;
  if (!isPacked && !isTar(head)) throw invalidPack('it is neither tar, tar.gz nor zip');
  const plain = isPacked ? through(read(0, bytes), createGunzip()) : read(0, bytes);
  yield* tarEntries(atMost(plain, limits));
}

/** Headers included: a bomb need not consist of files. */
async function* atMost(content: AsyncIterable<Uint8Array>, limits: UnpackLimits): AsyncGenerator<Uint8Array> {
  const most = limits.maxBytes + 4_096 * limits.maxEntries;
  let bytes = 0;
  let isFirst = true;
  for await (const chunk of content) {
    if (isFirst && chunk.byteLength >= 512 && !isTar(Buffer.from(chunk))) throw invalidPack('what is packed is no tar');
    isFirst = false;
    bytes += chunk.byteLength;
    if (bytes > most) throw invalidPack(`it unpacks to more than ${String(most)} bytes`);
    yield chunk;
  }
}

/** Of an empty archive the first block is empty. */
function isTar(head: Buffer): boolean {
  return head.subarray(257, 262).toString('latin1') === 'ustar' || head.subarray(0, 512).every((byte) => byte === 0);
}

async function beginning(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* through(content: AsyncIterable<Uint8Array>, by: Transform): AsyncGenerator<Uint8Array> {
  try {
    // Faults of the content come out at the other end.
    pipeline(Readable.from(content, { objectMode: false }), by, () => undefined);
    for await (const chunk of by as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw code.startsWith('Z_') ? invalidPack('its compression is broken', error) : error;
  }
}
