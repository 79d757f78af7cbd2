/**
 * The size of all blobs of a room. To look at all of them takes the longer the more there are: where it took more than
 * `quickMs`, it is looked again only once ten times as long has passed, and what is stored meanwhile is added.
 */
export class Total {
  #bytes = 0;
  #goodUntil = -Infinity;

  constructor(private readonly look: () => Promise<number>) {}

  #looking: Promise<void> | undefined;

  async bytes(): Promise<number> {
    if (performance.now() >= this.#goodUntil) await (this.#looking ??= this.#look());
    return this.#bytes;
  }

  async #look(): Promise<void> {
    const began = performance.now();
    try {
      this.#bytes = await this.look();
    } finally {
      this.#looking = undefined;
    }
    const now = performance.now();
    const took = now - began;
    this.#goodUntil = took < quickMs ? now : now + 10 * took;
  }

  /** So many bytes were stored. */
  add(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Something was removed: it is looked at again. */
  forget(): void {
    this.#goodUntil = -Infinity;
  }
}

const quickMs = 50;
