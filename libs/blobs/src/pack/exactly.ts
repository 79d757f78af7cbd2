import { invalidPack } from './packed.js';

/** Content that has the size that was declared. Fails with `upload.invalid` if it has not. */
export async function* exactly(
  content: AsyncIterable<Uint8Array>,
  bytes: number,
  path: string,
): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of content) {
    read += chunk.byteLength;
    if (read > bytes) break;
    yield chunk;
  }
  if (read !== bytes) throw invalidPack(`${JSON.stringify(path)} has another size than it says`);
}
