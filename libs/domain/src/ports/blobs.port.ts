/** Result of a put. `full`: all blobs together would exceed the store's limit, or its disk is short. */
export type Put =
  | {
      readonly kind: 'stored';
      readonly bytes: number;
      /** Of the content, in hex. */
      readonly sha256: string;
    }
  | { readonly kind: 'too_large' | 'full' };

/** A blob in a listing. */
export interface SeenBlob {
  readonly name: string;
  readonly bytes: number;
  /** When it was put, epoch ms. */
  readonly at: number;
}

/** A blob being read. */
export interface OpenBlob {
  /** Of the part that is read. */
  readonly bytes: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** A part of a blob: so many bytes from this one on. It must lie within the blob. */
export interface BlobPart {
  readonly from: number;
  readonly bytes: number;
}

/**
 * Storage for large data that is not in a record: snapshots, uploads and artifacts. A name has lower-case letters, digits,
 * dashes and dots. Every call rejects with `blobs.unavailable` if the store does not answer.
 */
export interface Blobs {
  /**
   * Stores the content under a name. It becomes visible only when it is complete, and then replaces an earlier blob of
   * that name. If the content fails, its error is passed on and nothing is stored.
   */
  put(name: string, content: AsyncIterable<Uint8Array>): Promise<Put>;
  /** Opens a blob or a part of it; undefined if there is none. The caller reads it to its end, or ends the iteration. */
  get(name: string, part?: BlobPart): Promise<OpenBlob | undefined>;
  /** Safe to call twice. */
  remove(name: string): Promise<void>;
  /** All blobs, or those whose names begin with this. */
  list(prefix?: string): Promise<readonly SeenBlob[]>;
  /** Removes incomplete blobs of dead processes, as far as the store keeps any: those not written to since `before` (epoch ms). */
  tidy(before: number): Promise<void>;
  /** Free disk space in bytes; undefined where nobody knows it. */
  freeBytes(): Promise<number | undefined>;
}
