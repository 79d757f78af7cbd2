import { createHash } from 'node:crypto';

/** Measures content on its way: its size and its digest. Ends it at the limit. */
export class Measure {
  bytes = 0;
  over = false;
  readonly #hash = createHash('sha256');

  constructor(private readonly maxBytes: number) {}

  async *through(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of content) {
      this.bytes += chunk.byteLength;
      this.over = this.bytes > this.maxBytes;
      if (this.over) return;
      this.#hash.update(chunk);
      yield chunk;
    }
  }

  /** What a put of this content results in. Once only. */
  get put() {
    return { kind: 'stored', bytes: this.bytes, sha256: this.#hash.digest('hex') } as const;
  }
}
