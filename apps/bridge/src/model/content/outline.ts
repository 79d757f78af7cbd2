const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];

/** The size of a JSON text's structure, before parsing. */
export interface Outline {
  /** Approximate number of objects, arrays and their elements. */
  readonly values: number;
  /** Deepest nesting. */
  readonly depth: number;
}

/** Scans a JSON text: a small one can have so many empty arrays that parsing it would exhaust the memory. */
export function outlineOf(bytes: Buffer): Outline {
  let [values, depth, deepest] = [0, 0, 0];
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case quote:
        at = endOfText(bytes, at);
        break;
      case openObject:
      case openList:
        values++;
        deepest = Math.max(deepest, ++depth);
        break;
      case closeObject:
      case closeList:
        depth--;
        break;
      case comma:
        values++;
        break;
      default:
        break;
    }
  }
  return { values, depth: deepest };
}

/** The position of the closing quote of the string that starts at `from`; that of the last byte if there is none. */
function endOfText(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(quote, from + 1); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let backslashes = 0;
    while (bytes[at - backslashes - 1] === backslash) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return bytes.length - 1;
}
