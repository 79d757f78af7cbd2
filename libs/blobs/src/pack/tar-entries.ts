import type { EntryKind } from '@remuda/domain';
import { Parser, type ReadEntry } from 'tar';
import { invalidPack, type OpenEntry } from './packed.js';

/** Names and attributes that stand before an entry, in bytes: they are held in memory. */
const maxMetaEntrySize = 64 * 1024;

const kinds: Readonly<Partial<Record<ReadEntry['type'], EntryKind>>> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'folder',
  Link: 'link',
  SymbolicLink: 'link',
  CharacterDevice: 'device',
  BlockDevice: 'device',
  FIFO: 'device',
};

/** The entries of an uncompressed tar archive, as they come. Fails with `upload.invalid`, and as the content fails. */
export async function* tarEntries(content: AsyncIterable<Uint8Array>, mayBeEmpty = false): AsyncGenerator<OpenEntry> {
  for await (const entry of readEntries(content, mayBeEmpty)) yield opened(entry);
}

/** The same with all that their headers say. */
export async function* readEntries(content: AsyncIterable<Uint8Array>, mayBeEmpty: boolean): AsyncGenerator<ReadEntry> {
  const reading = new Reading(mayBeEmpty);
  void reading.feed(content);
  try {
    for (let entry = await reading.next(); entry; entry = await reading.next()) yield entry;
  } finally {
    reading.stop();
  }
}

/** An archive that is read while its entries are taken. The first fault ends it, also for whoever reads an entry. */
class Reading {
  readonly #parser = new Parser({ strict: true, maxMetaEntrySize });
  readonly #waiting: ReadEntry[] = [];
  #current: ReadEntry | undefined;
  #fault: { readonly error: unknown } | undefined;
  #ended = false;
  #stopped = false;
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;

  constructor(private readonly mayBeEmpty: boolean) {
    this.#parser.on('entry', (entry: ReadEntry) => {
      this.#waiting.push(entry);
      this.#wake();
    });
    // What is not given out as an entry must not be passed over either.
    this.#parser.on('ignoredEntry', ({ path }: ReadEntry) => {
      this.#fail(invalidPack(`${JSON.stringify(path.slice(0, 200))} cannot be read`));
    });
    this.#parser.on('error', (error: Error) => {
      this.#fail(invalidPack(error.message, error));
    });
    this.#parser.on('drain', () => {
      this.#drained();
    });
    this.#parser.on('end', () => {
      this.#end();
    });
  }

  async feed(content: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      let zeros = 0;
      for await (const chunk of content) {
        if (this.#isOver) return;
        // The parser refuses an archive without entries, which tar makes of an empty folder: its blocks are empty.
        if (this.mayBeEmpty && zeros >= 0 && chunk.every((byte) => byte === 0)) {
          zeros += chunk.byteLength;
          continue;
        }
        if (zeros > 0) throw invalidPack('what is packed is no tar');
        zeros = -1;
        if (this.#parser.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))) continue;
        await new Promise<void>((resolve) => (this.#drained = resolve));
      }
      if (zeros > 0) this.#end();
      else if (!this.#isOver) this.#parser.end();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The next entry, once the one before was read to its end; undefined after the last one. */
  async next(): Promise<ReadEntry | undefined> {
    for (;;) {
      if (this.#fault) throw this.#fault.error;
      this.#current = this.#waiting.shift();
      if (this.#current || this.#ended) return this.#current;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#drained();
  }

  get #isOver(): boolean {
    return this.#stopped || this.#fault !== undefined;
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#fault = { error };
    this.#current?.destroy(error);
    this.#wake();
    this.#drained();
  }
}

function opened(entry: ReadEntry): OpenEntry {
  return {
    path: entry.path,
    kind: kinds[entry.type] ?? 'other',
    bytes: entry.size,
    isExecutable: ((entry.mode ?? 0) & 0o100) !== 0,
    content: entry as AsyncIterable<Uint8Array>,
  };
}
