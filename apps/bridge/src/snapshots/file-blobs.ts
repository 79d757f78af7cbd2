import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Blobs, OpenBlob, Put, SeenBlob } from '@remuda/domain';

/** Limits on stored bytes. */
export interface BlobLimits {
  /** Per blob. */
  readonly maxBytes: number;
  /** For all blobs; concurrent writes may exceed it by one blob each. */
  readonly maxTotalBytes: number;
}

const namePattern = /^[a-z0-9-][a-z0-9.-]{0,127}$/;
/** Prefix of incomplete files: no name of a blob begins with it. */
const draftPrefix = '.draft-';

/** Blobs as files in one folder. Others like this one may share it, but nobody else writes to it. */
export class FileBlobs implements Blobs {
  constructor(
    private readonly folder: string,
    private readonly limits: BlobLimits,
  ) {}

  async put(name: string, content: AsyncIterable<Uint8Array>): Promise<Put> {
    const { maxBytes, maxTotalBytes } = this.limits;
    const kept = await this.#sizes();
    if (kept >= maxTotalBytes) return { kind: 'full' };
    const draft = join(this.folder, draftPrefix + randomUUID());
    const count = new Count(maxBytes);
    try {
      await pipeline(
        content,
        (chunks) => count.through(chunks),
        createWriteStream(draft, { mode: 0o600, flags: 'wx' }),
      );
      if (count.over) return { kind: 'too_large' };
      await rename(draft, this.#path(name));
      return { kind: 'stored', bytes: count.bytes };
    } finally {
      await rm(draft, { force: true });
    }
  }

  async get(name: string): Promise<OpenBlob | undefined> {
    const file = await unlessGone(open(this.#path(name), 'r'));
    if (!file) return undefined;
    return { bytes: (await file.stat()).size, content: read(file) };
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  async list(): Promise<readonly SeenBlob[]> {
    const names = (await readdir(this.folder)).filter((name) => namePattern.test(name));
    const seen = await Promise.all(names.map((name) => this.#see(name)));
    return seen.filter((blob) => blob !== undefined);
  }

  /**
   * Removes incomplete files of dead processes: those not written to since `before` (epoch ms). Others may be writing
   * at the same time.
   */
  async tidy(before: number): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (!name.startsWith(draftPrefix)) continue;
      const draft = join(this.folder, name);
      const found = await unlessGone(stat(draft));
      if (found && found.mtimeMs < before) await rm(draft, { force: true });
    }
  }

  async #see(name: string): Promise<SeenBlob | undefined> {
    const found = await unlessGone(stat(this.#path(name)));
    return found && { name, bytes: found.size, at: found.mtimeMs };
  }

  async #sizes(): Promise<number> {
    const found = await Promise.all(
      (await readdir(this.folder)).map((name) => unlessGone(stat(join(this.folder, name)))),
    );
    return found.reduce((sum, each) => sum + (each?.size ?? 0), 0);
  }

  #path(name: string): string {
    if (!namePattern.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a valid name of a blob.`);
    return join(this.folder, name);
  }
}

/** Counts bytes, and fails at the limit. */
class Count {
  bytes = 0;
  over = false;

  constructor(private readonly max: number) {}

  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.bytes += chunk.byteLength;
      this.over = this.bytes > this.max;
      if (this.over) return;
      yield chunk;
    }
  }
}

async function* read(file: FileHandle): AsyncGenerator<Uint8Array> {
  for await (const chunk of file.createReadStream()) yield chunk as Uint8Array;
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
