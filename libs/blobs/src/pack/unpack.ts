import { pipeline, Readable, type Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { UnpackLimits } from '@remuda/domain';
import { atMost } from './at-most.js';
import { invalidPack, type OpenEntry } from './packed.js';
import { tarEntries } from './tar-entries.js';

/** The entries of a tar.gz, as they come. Fails with `upload.invalid`, and as the content fails. */
export function unpack(content: AsyncIterable<Uint8Array>, limits: UnpackLimits): AsyncGenerator<OpenEntry> {
  return tarEntries(atMost(through(content, createGunzip()), limits), true);
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
