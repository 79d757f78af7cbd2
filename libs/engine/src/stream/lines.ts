/** Splits a byte stream into lines. Invalid UTF-8 becomes U+FFFD. */
export class LineReader {
  #held: Buffer[] = [];
  #heldBytes = 0;

  /** `maxBytes` limits the buffer of an incomplete line. */
  constructor(private readonly maxBytes: number) {}

  /** The lines that end in this chunk, without empty ones; undefined if a line has become too long. */
  read(chunk: Buffer): readonly string[] | undefined {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.#hold(chunk.subarray(start, end));
      if (this.#heldBytes > this.maxBytes) return undefined;
      const line = Buffer.concat(this.#held).toString('utf8').trim();
      if (line !== '') lines.push(line);
      this.#held = [];
      this.#heldBytes = 0;
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    return this.#heldBytes > this.maxBytes ? undefined : lines;
  }

  #hold(part: Buffer): void {
    if (part.length > 0) this.#held.push(part);
    this.#heldBytes += part.length;
  }
}

/** The last lines of a stream, for people: at most `count`, each truncated at `width` characters. */
export class Tail {
  readonly #lines: string[] = [];

  constructor(
    private readonly count = 20,
    private readonly width = 400,
  ) {}

  add(text: string): void {
    for (const line of text.split('\n')) if (line.trim() !== '') this.#lines.push(line.slice(0, this.width));
    this.#lines.splice(0, this.#lines.length - this.count);
  }

  get lines(): readonly string[] {
    return [...this.#lines];
  }
}
