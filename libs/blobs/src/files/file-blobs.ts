import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open, readdir, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { BlobPart, Blobs, OpenBlob, Put, SeenBlob } from '@remuda/domain';
import { checkedName, isBlobName, type BlobLimits } from '../limits.js';
import { Measure } from '../measure.js';
import { Total } from '../total.js';

/** Prefix of incomplete files: no name of a blob begins with it. */
const draftPrefix = '.draft-';

/** Blobs as files in one folder. Others like this one may share it, but nobody else writes to it. */
export class FileBlobs implements Blobs {
  readonly #total = new Total(() => this.#sizes());

  constructor(
    private readonly folder: string,
    private readonly limits: BlobLimits,
  ) {}

  async put(name: string, content: AsyncIterable<Uint8Array>): Promise<Put> {
    const path = this.#path(name);
    if (await this.#isFull()) return { kind: 'full' };
    const draft = join(this.folder, draftPrefix + randomUUID());
    const measure = new Measure(this.limits.maxBytes);
    const file = createWriteStream(draft, { mode: 0o600, flags: 'wx' });
    try {
      await pipeline(content, (chunks) => measure.through(chunks), file);
      if (measure.over) return { kind: 'too_large' };
      await rename(draft, path);
      this.#total.add(measure.bytes);
      return measure.put;
    } catch (error) {
      // Of the disk, not of the content.
      if (error === file.errored && isNoSpace(error)) return { kind: 'full' };
      throw error;
    } finally {
      await rm(draft, { force: true });
    }
  }

  async get(name: string, part?: BlobPart): Promise<OpenBlob | undefined> {
    const file = await unlessGone(open(this.#path(name), 'r'));
    if (!file) return undefined;
    return { bytes: part ? part.bytes : (await file.stat()).size, content: read(file, part) };
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
    this.#total.forget();
  }

  async list(prefix = ''): Promise<readonly SeenBlob[]> {
    const names = (await readdir(this.folder)).filter((name) => isBlobName(name) && name.startsWith(prefix));
    const seen = await Promise.all(names.map((name) => this.#see(name)));
    return seen.filter((blob) => blob !== undefined);
  }

  async tidy(before: number): Promise<void> {
    for (const name of await readdir(this.folder)) {
      if (!name.startsWith(draftPrefix)) continue;
      const draft = join(this.folder, name);
      const found = await unlessGone(stat(draft));
      if (found && found.mtimeMs < before) await rm(draft, { force: true });
    }
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  async #isFull(): Promise<boolean> {
    const { maxTotalBytes, minFreeBytes = 0 } = this.limits;
    if ((await this.#total.bytes()) >= maxTotalBytes) return true;
    return minFreeBytes > 0 && (await this.freeBytes()) < minFreeBytes;
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
    return join(this.folder, checkedName(name));
  }
}

async function* read(file: FileHandle, part?: BlobPart): AsyncGenerator<Uint8Array> {
  if (part?.bytes === 0) {
    await file.close();
    return;
  }
  const range = part ? { start: part.from, end: part.from + part.bytes - 1 } : {};
  for await (const chunk of file.createReadStream(range)) yield chunk as Uint8Array;
}

function isNoSpace(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException | null)?.code ?? '');
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
