import type { UnpackLimits } from '@remuda/domain';
import { invalidPack } from './packed.js';

/** A tar archive that keeps to the limits, headers included: a bomb need not consist of files. Fails with `upload.invalid`. */
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

/** Whether an archive that begins so is a tar: of an empty one the first block is empty. */
export function isTar(head: Buffer): boolean {
  return head.subarray(257, 262).toString('latin1') === 'ustar' || head.subarray(0, 512).every((byte) => byte === 0);
}
