/** What came of a put. `full`: all blobs together would be more than the store may hold. */
export type Put = { readonly kind: 'stored'; readonly bytes: number } | { readonly kind: 'too_large' | 'full' };

/** A blob as a listing shows it. */
export interface SeenBlob {
  readonly name: string;
  readonly bytes: number;
  /** When it was put, epoch ms. */
  readonly at: number;
}

/** A blob on its way out. */
export interface OpenBlob {
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** Where large things are kept that are no record: snapshots. A name has lower-case letters, digits, dashes and dots. */
export interface Blobs {
  /**
   * Keeps what comes, under a name. Nobody sees it before it is whole; then it takes the place of what had the name. When
   * the content breaks off, its error is passed on and nothing is kept.
   */
  put(name: string, content: AsyncIterable<Uint8Array>): Promise<Put>;
  /** Opens a blob; undefined where there is none. Who opens it reads it to its end, or ends the iteration. */
  get(name: string): Promise<OpenBlob | undefined>;
  /** Safe to call twice. */
  remove(name: string): Promise<void>;
  list(): Promise<readonly SeenBlob[]>;
}
