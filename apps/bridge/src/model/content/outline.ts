const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];

/** How much there is to a text in JSON before it is read. */
export interface Outline {
  /** Objects, lists, and what stands in them, about. */
  readonly values: number;
  /** Deepest nesting. */
  readonly depth: number;
}

/** Looks over a text in JSON: a small one can hold so many empty lists that reading it would take all memory. */
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

/** The place of the quote that ends the text which begins at `from`; that of the last byte where none does. */
function endOfText(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(quote, from + 1); at >= 0; at = bytes.indexOf(quote, at + 1)) {
    let backslashes = 0;
    while (bytes[at - backslashes - 1] === backslash) backslashes++;
    if (backslashes % 2 === 0) return at;
  }
  return bytes.length - 1;
}
