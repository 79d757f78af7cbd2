import { Readable } from 'node:stream';
import { RemudaError, type EntryKind } from '@remuda/domain';
import yauzl, { type Entry } from 'yauzl';
import { invalidPack, type OpenEntry } from './packed.js';

/** Reads a part of an archive: from here, so many bytes. */
export type ReadPart = (from: number, bytes: number) => AsyncIterable<Uint8Array>;

/** The entries of a zip archive of this size. Fails with `upload.invalid`, and as reading fails. */
export async function* zipEntries(read: ReadPart, bytes: number): AsyncGenerator<OpenEntry> {
  try {
    const zip = await yauzl.fromRandomAccessReaderPromise(new Parts(read), bytes, {
      autoClose: false,
      strictFileNames: true,
    });
    for await (const entry of zip.eachEntry()) {
      const kind = kindOf(entry);
      const content = kind === 'file' ? await zip.openReadStreamPromise(entry) : Readable.from([]);
      yield {
        ...{ path: entry.fileName, kind, bytes: kind === 'file' ? entry.uncompressedSize : 0 },
        isExecutable: (modeOf(entry) & 0o100) !== 0,
        content: translated(content as AsyncIterable<Uint8Array>),
      };
    }
  } catch (error) {
    throw translatedFault(error);
  }
}

async function* translated(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    throw translatedFault(error);
  }
}

/** Our own faults are not the archive's. */
function translatedFault(error: unknown): unknown {
  if (error instanceof RemudaError) return error;
  return invalidPack(error instanceof Error ? error.message : String(error), error);
}

class Parts extends yauzl.RandomAccessReader {
  constructor(private readonly part: ReadPart) {
    super();
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.part(start, end - start), { objectMode: false });
  }
}

/** The mode of a file of Unix; 0 if it came from elsewhere. */
function modeOf({ versionMadeBy, externalFileAttributes }: Entry): number {
  return versionMadeBy >> 8 === 3 ? externalFileAttributes >>> 16 : 0;
}

const unixKinds: Readonly<Record<number, EntryKind>> = {
  0: 'file',
  0o100000: 'file',
  0o040000: 'folder',
  0o120000: 'link',
  0o020000: 'device',
  0o060000: 'device',
  0o010000: 'device',
};

function kindOf(entry: Entry): EntryKind {
  if (entry.isEncrypted()) throw invalidPack('it is encrypted');
  const kind = unixKinds[modeOf(entry) & 0o170000] ?? 'other';
  return kind === 'file' && entry.fileName.endsWith('/') ? 'folder' : kind;
}
