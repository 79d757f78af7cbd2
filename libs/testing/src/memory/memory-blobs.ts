import { createHash } from 'node:crypto';
import type { BlobPart, Blobs, OpenBlob, Put, SeenBlob } from '@remuda/domain';

/** Limits in bytes: of one blob, and of all together. Default: none. */
export interface MemoryBlobLimits {
  readonly maxBytes?: number;
  readonly maxTotalBytes?: number;
}

/** Blobs in memory. Passes the same contract suite as the real ones. */
export class MemoryBlobs implements Blobs {
  readonly #kept = new Map<string, { readonly content: Uint8Array; readonly at: number }>();
  #puts = 0;

  constructor(private readonly limits: MemoryBlobLimits = {}) {}

  async put(name: string, content: AsyncIterable<Uint8Array>): Promise<Put> {
    const { maxBytes = Infinity, maxTotalBytes = Infinity } = this.limits;
    checkName(name);
    const total = [...this.#kept.values()].reduce((sum, each) => sum + each.content.byteLength, 0);
    if (total >= maxTotalBytes) return { kind: 'full' };
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of content) {
      bytes += part.byteLength;
      if (bytes > maxBytes) return { kind: 'too_large' };
      parts.push(part);
    }
    const whole = Buffer.concat(parts);
    this.#kept.set(name, { content: whole, at: ++this.#puts });
    return { kind: 'stored', bytes, sha256: createHash('sha256').update(whole).digest('hex') };
  }

  async get(name: string, part?: BlobPart): Promise<OpenBlob | undefined> {
    await Promise.resolve();
    checkName(name);
    const kept = this.#kept.get(name);
    if (!kept) return undefined;
    const content = part ? kept.content.subarray(part.from, part.from + part.bytes) : kept.content;
    return { bytes: content.byteLength, content: once(content) };
  }

  async remove(name: string): Promise<void> {
    await Promise.resolve();
    checkName(name);
    this.#kept.delete(name);
  }

  async list(prefix = ''): Promise<readonly SeenBlob[]> {
    await Promise.resolve();
    const found = [...this.#kept].filter(([name]) => name.startsWith(prefix));
    return found.map(([name, { content, at }]) => ({ name, bytes: content.byteLength, at }));
  }

  async tidy(): Promise<void> {
    await Promise.resolve();
  }

  async freeBytes(): Promise<undefined> {
    await Promise.resolve();
    return undefined;
  }
}

function checkName(name: string): void {
  if (!/^[a-z0-9-][a-z0-9.-]{0,127}$/.test(name))
    throw new TypeError(`${JSON.stringify(name)} is not a valid name of a blob.`);
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}
