import type { Blobs, OpenBlob, Put, SeenBlob } from '@remuda/domain';

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
    this.#kept.set(name, { content: Buffer.concat(parts), at: ++this.#puts });
    return { kind: 'stored', bytes };
  }

  async get(name: string): Promise<OpenBlob | undefined> {
    await Promise.resolve();
    checkName(name);
    const kept = this.#kept.get(name);
    return kept && { bytes: kept.content.byteLength, content: once(kept.content) };
  }

  async remove(name: string): Promise<void> {
    await Promise.resolve();
    checkName(name);
    this.#kept.delete(name);
  }

  async list(): Promise<readonly SeenBlob[]> {
    await Promise.resolve();
    return [...this.#kept].map(([name, { content, at }]) => ({ name, bytes: content.byteLength, at }));
  }
}

function checkName(name: string): void {
  if (!/^[a-z0-9-][a-z0-9.-]{0,127}$/.test(name))
    throw new TypeError(`${JSON.stringify(name)} is not a valid name of a blob.`);
}

async function* once(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}
