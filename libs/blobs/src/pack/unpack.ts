import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { UnpackLimits } from '@remuda/domain';
import { invalidPack, type OpenEntry } from './packed.js';
import { tarEntries } from './tar-entries.js';

/** The entries of a tar.gz, as they come. Fails with `upload.invalid`, and as the content fails. */
export function unpack(content: AsyncIterable<Uint8Array>, limits: UnpackLimits): AsyncGenerator<OpenEntry> {
  return tarEntries(atMost(through(content, createGunzip()), limits));
}

/** Headers included: a bomb need not consist of files. */
export async function* atMost(content: AsyncIterable<Uint8Array>, limits: UnpackLimits): AsyncGenerator<Uint8Array> {
  const most = limits.maxBytes + 4_096 * limits.maxEntries;
  let bytes = 0;
  let isFirst = true;
  for await (const chunk of content) {
    if (isFirst && chunk.byteLength >= 512 && !isTar(Buffer.from(chunk))) throw invalidPack('what is packed is no tar');
    isFirst = false;
    bytes += chunk.byteLength;
    if (bytes > most) throw invalidPack(`it unpacks to more than ${String(most)} bytes`);
    yield chunk;
  }
}

/** Of an empty archive the first block is empty. */
export function isTar(head: Buffer): boolean {
  return head.subarray(257, 262).toString('latin1') === 'ustar' || head.subarray(0, 512).every((byte) => byte === 0);
}

/** Content as it comes out of a transform. */
export async function* through(content: AsyncIterable<Uint8Array>, by: Transform): AsyncGenerator<Uint8Array> {
  try {
    // Faults of the content come out at the other end.
    pipeline(Readable.from(content, { objectMode: false }), by, () => undefined);
    for await (const chunk of by as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw code.startsWith('Z_') ? invalidPack('its compression is broken', error) : error;
  }
}
