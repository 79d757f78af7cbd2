import { RemudaError, type PackedEntry } from '@remuda/domain';

/** A file or folder as it comes out of an archive. Its content has to be read to its end before the next one comes. */
export interface OpenEntry extends PackedEntry {
  readonly isExecutable: boolean;
  readonly content: AsyncIterable<Uint8Array>;
}

/** The fault of an archive, as `upload.invalid`. */
export function invalidPack(why: string, cause?: unknown): RemudaError {
  return new RemudaError('upload.invalid', `The archive is refused: ${why}.`, cause === undefined ? {} : { cause });
}
