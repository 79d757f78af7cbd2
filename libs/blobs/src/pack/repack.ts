import { createGunzip, createGzip } from 'node:zlib';
import { EntryWatch, type UnpackLimits } from '@remuda/domain';
import { atMost, isTar } from './at-most.js';
import { exactly } from './exactly.js';
import { invalidPack, type OpenEntry } from './packed.js';
import { tarEntries } from './tar-entries.js';
import { tarEnd, tarHeader, tarPadding } from './tar-writer.js';
import { through } from './unpack.js';
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

async function beginning(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}
