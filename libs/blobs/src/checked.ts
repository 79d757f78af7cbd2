import { createHash } from 'node:crypto';
import { RemudaError } from '@remuda/domain';

/**
 * Content that is what it was when it was stored: the last chunk comes only once the digest is right, so nobody takes
 * other content for complete. Fails with `blobs.broken` otherwise.
 */
export async function* checked(content: AsyncIterable<Uint8Array>, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let last: Uint8Array | undefined;
  for await (const chunk of content) {
    if (last) yield last;
    hash.update(chunk);
    last = chunk;
  }
  if (hash.digest('hex') !== sha256)
    throw new RemudaError('blobs.broken', 'What is stored is not what was stored: its digest differs.');
  if (last) yield last;
}
