/** Result of a put. `full`: all blobs together would exceed the store's limit. */
export type Put = { readonly kind: 'stored'; readonly bytes: number } | { readonly kind: 'too_large' | 'full' };

/** A blob in a listing. */
export interface SeenBlob {
  readonly name: string;
  readonly bytes: number;
  /** When it was put, epoch ms. */
  readonly at: number;
}

/** A blob being read. */
export interface OpenBlob {
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * Storage for large data that is not in a record: snapshots. A name has lower-case letters, digits, dashes and dots.
 */
export interface Blobs {
  /**
   * Stores the content under a name. It becomes visible only when it is complete, and then replaces an earlier blob of
   * that name. If the content fails, its error is passed on and nothing is stored.
   */
  put(name: string, content: AsyncIterable<Uint8Array>): Promise<Put>;
  /** Opens a blob; undefined if there is none. The caller reads it to its end, or ends the iteration. */
  get(name: string): Promise<OpenBlob | undefined>;
  /** Safe to call twice. */
  remove(name: string): Promise<void>;
  list(): Promise<readonly SeenBlob[]>;
}
