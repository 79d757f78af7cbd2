import { isUtf8 } from 'node:buffer';
import type { Arrived } from '@remuda/domain';

const newline = 0x0a;

/**
 * Cuts a byte stream into messages: JSON values, one a line. Empty lines are passed over. What is no message is named once, and the
 * line that follows it is read: a line above `maxBytes` is not held, so that nobody can fill the memory by leaving its end out.
 */
export class FrameReader {
  #held: Buffer[] = [];
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** Size of the message that is not complete yet, in bytes. */
  get bytesUnderWay(): number {
    return this.#bytes;
  }

  /** What is complete with this chunk. */
  read(chunk: Buffer): readonly Arrived[] {
    const arrived: Arrived[] = [];
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      this.#hold(chunk.subarray(start, end));
      arrived.push(...this.#line());
      start = end + 1;
    }
    this.#hold(chunk.subarray(start));
    return arrived;
  }

  /** What is left when the stream has ended: a message without its end is none. */
  end(): readonly Arrived[] {
    const bytes = this.#bytes;
    this.#forget();
    return bytes === 0 ? [] : [{ kind: 'invalid', reason: 'the message has no end', bytes }];
  }

  #hold(part: Buffer): void {
    this.#bytes += part.length;
    if (this.#bytes > this.maxBytes) this.#held = [];
    else if (part.length > 0) this.#held.push(part);
  }

  #line(): readonly Arrived[] {
    const line = Buffer.concat(this.#held);
    const bytes = this.#bytes;
    this.#forget();
    if (bytes > this.maxBytes) {
      const reason = `the message is larger than ${String(this.maxBytes)} bytes`;
      return [{ kind: 'invalid', reason, bytes }];
    }
    return line.length === 0 || line.toString('latin1').trim() === '' ? [] : [parseMessage(line)];
  }

  #forget(): void {
    this.#held = [];
    this.#bytes = 0;
  }
}

/** A message from its text. */
export function parseMessage(line: Buffer): Arrived {
  if (!isUtf8(line)) return { kind: 'invalid', reason: 'the message is not UTF-8', bytes: line.length };
  try {
    return { kind: 'message', value: JSON.parse(line.toString('utf8')) as unknown };
  } catch {
    return { kind: 'invalid', reason: 'the message is not JSON', bytes: line.length };
  }
}

/** A message as its line. JSON has no line breaks outside of strings, and within them they are escaped. */
export function frameOf(message: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(message)}\n`);
}
