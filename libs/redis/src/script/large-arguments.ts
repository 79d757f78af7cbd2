import { setImmediate } from 'node:timers/promises';

/** What a command's argument may be. */
export type Argument = string | number | Buffer;

/** Arguments by name. */
export type Encoded<K extends string> = Readonly<Record<K, Argument>>;

/** Length in characters above which a text is encoded here. */
const largeChars = 4 * 1024;
/** Characters that are encoded before other work gets a turn. */
const sliceChars = 64 * 1024;

/**
 * Encodes large texts among the arguments of one command. The client would encode all texts of a command at once: for a
 * prompt of 10 MiB, or a batch of jobs, that would block other work for too long. So large ones are encoded here in
 * pieces.
 */
export class LargeArguments {
  #chars = 0;

  /** The same arguments with large ones encoded; a promise if one of them is large. */
  encoded<K extends string>(args: Readonly<Record<K, string | number>>): Encoded<K> | Promise<Encoded<K>> {
    return Object.values<string | number>(args).some(isLarge) ? this.#encodeAll(args) : args;
  }

  async #encodeAll<K extends string>(args: Readonly<Record<K, string | number>>): Promise<Encoded<K>> {
    const encoded: Record<string, Argument> = {};
    for (const [name, arg] of Object.entries<string | number>(args))
      encoded[name] = isLarge(arg) ? await this.#encode(arg) : arg;
    return encoded as Encoded<K>;
  }

  async #encode(text: string): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for (let from = 0, to; from < text.length; from = to) {
      to = from + sliceChars;
      if (isFirstOfPair(text.charCodeAt(to - 1))) to++;
      const piece = text.slice(from, to);
      pieces.push(Buffer.from(piece));
      this.#chars += piece.length;
      if (this.#chars < sliceChars) continue;
      this.#chars = 0;
      await setImmediate();
    }
    return Buffer.concat(pieces);
  }
}

const isLarge = (arg: string | number): arg is string => typeof arg === 'string' && arg.length > largeChars;
/** A split surrogate pair cannot be encoded. */
const isFirstOfPair = (unit: number): boolean => unit >> 10 === 0xd800 >> 10;
