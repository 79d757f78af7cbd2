/** Longest key and longest name of a model that are looked at, in bytes as they stand in the body. */
const maxBytes = 300;

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * Finds the model that a request names while its body passes: the value of `model` in the outermost object, wherever it stands. A
 * body that could be understood in more than one way has a `fault`: a second `model`, however written, no text as its value,
 * something behind the object.
 */
export class NamedModel {
  /** The model's name, once it was read. */
  name: string | undefined;
  /** Why the body can't be trusted to mean what it seems to; none of the other facts counts then. */
  fault: string | undefined;
  #depth = 0;
  #begun = false;
  #inText = false;
  #escaped = false;
  /** What comes next in the outermost object. */
  #next: 'key' | 'value' | 'rest' = 'rest';
  #key = '';
  #seen = false;
  /** Bytes of a text that is being read because it matters. */
  #kept: number[] | undefined;

  /** Reads on. */
  read(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && this.fault === undefined) {
      if (this.#inText && !this.#kept) at = this.#skipText(chunk, at);
      else this.#readByte(chunk[at++] ?? 0);
    }
  }

  #readByte(byte: number): void {
    if (this.#inText) this.#readText(byte);
    else if (!isSpace(byte)) this.#readMark(byte);
  }

  /**
   * Goes to the end of a text that does not matter; gives where the reading goes on. Most of a body is such text, and a new
   * process is slow at going through it byte by byte.
   */
  #skipText(chunk: Uint8Array, from: number): number {
    let at = this.#escaped ? from + 1 : from;
    for (;;) {
      const found = chunk.indexOf(quote, at);
      const end = found < 0 ? chunk.length : found;
      let backslashes = 0;
      while (end - backslashes > at && chunk[end - backslashes - 1] === backslash) backslashes++;
      this.#escaped = backslashes % 2 === 1;
      if (found < 0) return chunk.length;
      if (!this.#escaped) {
        this.#inText = false;
        return found + 1;
      }
      at = found + 1;
    }
  }

  #readText(byte: number): void {
    if (!this.#escaped && byte === quote) {
      this.#inText = false;
      if (this.#kept) this.#endKept(Buffer.from(this.#kept).toString('utf8'));
      return;
    }
    this.#escaped = !this.#escaped && byte === backslash;
    if (!this.#kept) return;
    // What is longer is no `model`, nor the name of one.
    if (this.#kept.length < maxBytes) this.#kept.push(byte);
  }

  #readMark(byte: number): void {
    if (this.#depth === 0) {
      this.#outermost(byte);
      return;
    }
    const top = this.#depth === 1;
    switch (byte) {
      case quote:
        this.#inText = true;
        this.#kept = top && (this.#next === 'key' || this.#isWanted) ? [] : undefined;
        return;
      case openObject:
      case openList:
        if (top && this.#isWanted) this.fault = 'its model is no text';
        this.#depth++;
        return;
      case closeObject:
      case closeList:
        this.#depth--;
        return;
      case comma:
        if (top) this.#next = 'key';
        return;
      case colon:
        if (top) this.#next = 'value';
        return;
      default:
        if (top && this.#isWanted) this.fault = 'its model is no text';
    }
  }

  #outermost(byte: number): void {
    if (this.#begun || byte !== openObject) {
      this.fault = this.#begun ? 'something stands behind it' : 'it is no JSON object';
      return;
    }
    this.#begun = true;
    this.#depth = 1;
    this.#next = 'key';
  }

  /** Some read names in whatever case, so all of them count. */
  get #isWanted(): boolean {
    return this.#next === 'value' && this.#key.toLowerCase() === 'model';
  }

  #endKept(raw: string): void {
    this.#kept = undefined;
    const text = decoded(raw);
    if (text === undefined) this.fault = 'it holds a text that can not be read';
    else if (this.#next === 'key') this.#key = text;
    else if (this.#seen) this.fault = 'it names its model twice';
    else {
      this.#seen = true;
      this.#next = 'rest';
      this.name = text;
    }
  }
}

function decoded(raw: string): string | undefined {
  // cut off in the middle of an escape, a long text is still a long text
  if (raw.length >= maxBytes) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return undefined;
  }
}
