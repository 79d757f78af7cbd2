import type { Secrets } from '@remuda/domain';
import { formsOf, leastChars, type SecretForm } from './secret-forms.js';

/**
 * Replaces each secret by `[secret NAME]`: its value verbatim, in base64 (also within a longer text, and over several
 * lines), hexadecimal, URL-encoded and JSON-escaped. Other transformations are not recognized.
 */
export interface Redactor {
  /** Names of secrets that are too short to be hidden. */
  readonly tooShort: readonly string[];
  readonly text: (text: string) => string;
  /** The same for a truncated text: the beginning of a secret at its end is hidden too. */
  readonly cut: (text: string) => string;
  /** All strings within a JSON value, including field names. */
  texts<T>(value: T): T;
  /** The same, and numbers as well, which then become strings. */
  all(value: unknown): unknown;
  /** A text that arrives in pieces. */
  pieces(): Pieces;
}

/** A text in pieces: a secret may span several, so the end of a piece may have to be held back. */
export interface Pieces {
  /** The text that can be released now. */
  next(piece: string): string;
  /** Text still held back at the end. */
  rest(): string;
}

/** Creates a redactor for a job's secrets. */
export function redactor(secrets: Secrets): Redactor {
  const places = byFirstChar(formsOf(secrets));
  const text = (told: string): string => scan(told, places, 'whole').said;
  const map = (value: unknown, numbers: boolean): unknown => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number')
      return numbers && text(String(value)) !== String(value) ? text(String(value)) : value;
    if (Array.isArray(value)) return value.map((inner) => map(inner, numbers));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [text(key), map(inner, numbers)]));
  };
  return {
    tooShort: Object.keys(secrets).filter((name) => (secrets[name]?.length ?? 0) < leastChars),
    text,
    cut: (told) => scan(told, places, 'cut').said,
    texts: <T>(value: T) => (places.size === 0 ? value : (map(value, false) as T)),
    all: (value) => (places.size === 0 ? value : map(value, true)),
    pieces: () => {
      let waiting = '';
      return {
        next: (piece) => {
          const { said, held } = scan(waiting + piece, places, 'open');
          waiting = held;
          return said;
        },
        rest: () => {
          const said = scan(waiting, places, 'cut').said;
          waiting = '';
          return said;
        },
      };
    },
  };
}

type Places = ReadonlyMap<number, readonly SecretForm[]>;

function byFirstChar(forms: readonly SecretForm[]): Places {
  const places = new Map<number, SecretForm[]>();
  for (const form of forms) {
    const first = form.text.charCodeAt(0);
    places.set(first, [...(places.get(first) ?? []), form]);
  }
  return places;
}

/**
 * Redacts a text. It is `whole`, or `cut` at its end, or more may follow (`open`): then the possible beginning of a
 * secret is held back.
 */
function scan(text: string, places: Places, end: 'whole' | 'cut' | 'open'): { said: string; held: string } {
  const said: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length;) {
    const found = places.get(text.charCodeAt(at));
    const met = found && meet(text, at, found, end);
    if (met === 'more') return { said: [...said, text.slice(from, at)].join(''), held: text.slice(at) };
    if (met === undefined) at++;
    else {
      said.push(text.slice(from, at), `[secret ${met.name}]`);
      at = from = met.after;
    }
  }
  return { said: [...said, text.slice(from)].join(''), held: '' };
}

/** The longest secret that begins at this position; `more` if that depends on what follows. */
function meet(
  text: string,
  at: number,
  forms: readonly SecretForm[],
  end: 'whole' | 'cut' | 'open',
): { readonly name: string; readonly after: number } | 'more' | undefined {
  for (const form of forms) {
    const after = reach(text, at, form);
    if (after === undefined) continue;
    if (after !== 'end') return { name: form.name, after };
    if (end === 'open') return 'more';
    if (end === 'cut' && text.length - at >= leastChars) return { name: form.name, after: text.length };
  }
  return undefined;
}

/** The end of a secret that begins at this position; `end` if the text ends before it does. */
function reach(text: string, at: number, { text: secret, broken }: SecretForm): number | 'end' | undefined {
  let place = at;
  for (let i = 0; i < secret.length; i++) {
    while (broken && i > 0 && isBreak(text.charCodeAt(place))) place++;
    if (place >= text.length) return 'end';
    if (text.charCodeAt(place) !== secret.charCodeAt(i)) return undefined;
    place++;
  }
  return place;
}

const isBreak = (char: number): boolean => char === 10 || char === 13;
