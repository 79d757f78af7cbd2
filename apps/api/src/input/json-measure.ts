/** Maximum number of values in one body: members of objects and elements of arrays, all together. */
export const maxValues = 50_000;

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c];
/** `[` and `{`, which differ from `]` and `}` in the same bit. */
const opens = (byte: number): boolean => byte === 0x5b || byte === 0x7b;

/**
 * Counts the values of a JSON text from its bytes, without parsing it: the cost of parsing, and of everything after,
 * depends on their number. For invalid JSON the number is arbitrary, but it is never too low for valid JSON.
 */
export class JsonMeasure {
  private values = 1;
  private inText = false;
  private escaped = false;

  /** Processes the next bytes, and returns whether there are more values than `maxValues`. */
  take(bytes: Uint8Array): boolean {
    for (const byte of bytes) {
      if (this.escaped) this.escaped = false;
      else if (this.inText) {
        if (byte === quote) this.inText = false;
        else if (byte === backslash) this.escaped = true;
      } else if (byte === quote) this.inText = true;
      else if (byte === comma || opens(byte)) this.values++;
    }
    return this.values > maxValues;
  }
}
