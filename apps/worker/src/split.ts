/** Splits off the first bytes of a stream; the rest can be read separately. A shorter stream has no rest. */
export async function splitAt(
  content: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ readonly head: Buffer; readonly rest: AsyncIterable<Uint8Array> }> {
  const chunks = content[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let missing = bytes;
  let over: Uint8Array = new Uint8Array();
  while (missing > 0) {
    const next = await chunks.next();
    if (next.done === true) break;
    const { value } = next;
    head.push(value.subarray(0, missing));
    over = value.subarray(missing);
    missing -= Math.min(missing, value.byteLength);
  }
  return { head: Buffer.concat(head), rest: restOf(over, chunks) };
}

async function* restOf(first: Uint8Array, chunks: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.byteLength > 0) yield first;
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}
