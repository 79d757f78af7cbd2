/** Content in pieces of exactly this size, the last one excepted; none for no content. */
export async function* inPieces(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of content) {
    for (let from = 0; from < chunk.byteLength;) {
      const part = chunk.subarray(from, from + bytes - size);
      waiting.push(part);
      size += part.byteLength;
      from += part.byteLength;
      if (size < bytes) continue;
      yield Buffer.concat(waiting);
      [waiting, size] = [[], 0];
    }
  }
  if (size > 0) yield Buffer.concat(waiting);
}
