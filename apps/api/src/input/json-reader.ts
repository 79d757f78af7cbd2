import { RemudaError } from '@remuda/domain';
import { invalid } from './read-dto.js';

/** Maximum number of fields of one object: code that lists them does so synchronously. */
export const maxFields = 10_000;
/** Values after which other work gets a turn, however short they are. */
const valuesInTurn = 1_000;
/** Maximum length of a number in bytes; only its first 800 digits matter. */
const maxNumberBytes = 64 * 1024;

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openList, closeList, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];
const [smallU, firstPrintable] = [0x75, 0x20];
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
/** A continuation byte in UTF-8. */
const goesOn = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** An object or array whose end has not been reached. */
type Open =
  | { readonly list: unknown[]; readonly end: number }
  | { readonly object: Record<string, unknown>; readonly end: number; name: string; fields: number };

/**
 * Parses a JSON text in UTF-8 like `JSON.parse`, and yields after each `sliceBytes` and each thousand values: the
 * caller decides what else may run in between. The bytes must be valid UTF-8. Throws `request.malformed` for invalid
 * JSON and for a number of more than 64 KiB, and `request.invalid` for an object of more than 10,000 fields.
 */
export function* readJson(bytes: Buffer, sliceBytes: number): Generator<undefined, unknown> {
  const text = new JsonText(bytes, sliceBytes);
  const open: Open[] = [];
  for (;;) {
    const begun = yield* begin(text);
    if ('end' in begun) {
      open.push(begun);
      continue;
    }
    let { value } = begun;
    for (;;) {
      const within = open.at(-1);
      const next = yield* text.next();
      if (within === undefined) return next === undefined ? value : malformed();
      put(within, value);
      text.at++;
      if (next === comma) {
        if ('object' in within) yield* nextField(text, within);
        break;
      }
      if (next !== within.end) malformed();
      value = 'list' in within ? within.list : within.object;
      open.pop();
    }
  }
}

/** A complete value, or the container that its first byte opens. */
function* begin(text: JsonText): Generator<undefined, Open | { readonly value: unknown }> {
  if (++text.values % valuesInTurn === 0) yield;
  const byte = yield* text.next();
  if (byte === quote) return { value: yield* text.text() };
  if (byte !== openList && byte !== openObject) return { value: text.word() };
  text.at++;
  const isEmpty = (yield* text.next()) === (byte === openList ? closeList : closeObject);
  if (isEmpty) {
    text.at++;
    return { value: byte === openList ? [] : {} };
  }
  if (byte === openList) return { list: [], end: closeList };
  return { object: {}, end: closeObject, name: yield* text.name(), fields: 1 };
}

function* nextField(text: JsonText, within: Extract<Open, { object: unknown }>): Generator<undefined, void> {
  if (++within.fields > maxFields)
    throw invalid([{ path: '', message: `must not have an object of more than ${maxFields} fields` }]);
  within.name = yield* text.name();
}

function put(within: Open, value: unknown): void {
  if ('list' in within) within.list.push(value);
  // An assignment would change the prototype.
  else if (within.name === '__proto__')
    Object.defineProperty(within.object, within.name, { value, writable: true, enumerable: true, configurable: true });
  else within.object[within.name] = value;
}

/** The bytes of a JSON text, and the read position. */
class JsonText {
  at = 0;
  values = 0;
  #pauseAt: number;

  constructor(
    private readonly bytes: Buffer,
    private readonly sliceBytes: number,
  ) {
    this.#pauseAt = sliceBytes;
  }

  /** The next byte that is not white space, without consuming it; undefined at the end. */
  *next(): Generator<undefined, number | undefined> {
    for (;;) {
      if (this.at >= this.#pauseAt) {
        this.#pauseAt = this.at + this.sliceBytes;
        yield;
      }
      const byte = this.bytes[this.at];
      if (!isSpace(byte)) return byte;
      this.at++;
    }
  }

  /** Consumes the name of a field, and its colon. */
  *name(): Generator<undefined, string> {
    if ((yield* this.next()) !== quote) malformed();
    const name = yield* this.text();
    if ((yield* this.next()) !== colon) malformed();
    this.at++;
    return name;
  }

  /** Consumes a string, in slices. */
  *text(): Generator<undefined, string> {
    const { bytes } = this;
    const pieces: string[] = [];
    let from = this.at + 1;
    let to = from;
    let escapes = false;
    for (let byte = bytes[to]; byte !== quote; byte = bytes[to]) {
      if (byte === undefined || byte < firstPrintable) return malformed();
      if (to >= this.#pauseAt && !goesOn(byte)) {
        pieces.push(this.#decode(from, to, escapes));
        [from, escapes] = [to, false];
        this.#pauseAt = to + this.sliceBytes;
        yield;
      }
      if (byte === backslash) {
        escapes = true;
        to += bytes[to + 1] === smallU ? 6 : 2;
      } else to++;
    }
    this.at = to + 1;
    const last = this.#decode(from, to, escapes);
    if (pieces.length === 0) return last;
    // Joined at once: a text made by `+` would be copied once more by whoever looks at it first.
    pieces.push(last);
    return pieces.join('');
  }

  /** Consumes a number, `true`, `false` or `null`. */
  word(): unknown {
    const { bytes, at } = this;
    let to = at;
    for (let byte = bytes[to]; !endsWord(byte); byte = bytes[to])
      if (++to - at > maxNumberBytes)
        throw new RemudaError('request.malformed', 'The body has a number longer than 64 KiB.');
    this.at = to;
    return parse(bytes.toString('latin1', at, to));
  }

  #decode(from: number, to: number, escapes: boolean): string {
    const text = this.bytes.toString('utf8', from, to);
    return escapes ? (parse(`"${text}"`) as string) : text;
  }
}

const endsWord = (byte: number | undefined): boolean =>
  byte === undefined || byte === comma || byte === closeList || byte === closeObject || isSpace(byte);

/** Parses a short text at once. Throws `request.malformed` for invalid JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    return malformed(cause);
  }
}

function malformed(cause?: unknown): never {
  throw new RemudaError('request.malformed', 'The body is not valid JSON.', { cause });
}
