import type { Secrets } from '@remuda/domain';
import { formsOf, leastChars, type SecretForm } from './secret-forms.js';

/**
 * Puts `[secret NAME]` in the place of each secret: of its value as it is, in base64 (within a longer text, and over several
 * lines, too), hexadecimal, URL-encoded and JSON-escaped. What was changed in another way is not seen.
 */
export interface Redactor {
  /** Names of secrets that are too short to be looked for. */
  readonly tooShort: readonly string[];
  readonly text: (text: string) => string;
  /** The same for a text that was cut: the beginning of a secret at its end is hidden too. */
  readonly cut: (text: string) => string;
  /** All texts within a JSON value, names of fields included. */
  texts<T>(value: T): T;
  /** The same, and numbers besides, which then become texts. */
  all(value: unknown): unknown;
  /** A text that comes in pieces. */
  pieces(): Pieces;
}

/** A text in pieces: a secret may begin in one and end in another, so the end of what came may have to wait. */
export interface Pieces {
  /** What can be said now. */
  next(piece: string): string;
  /** What still waited; no more comes. */
  rest(): string;
}

/** Makes a redactor for a job's secrets. */
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
 * Goes over a text. Its end is the end (`whole`), or it was `cut` there, or more may come (`open`): then what may become a
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

/** The longest secret that begins at this place; `more` where that can't be told before more comes. */
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

/** Where a secret ends that begins at this place; `end` where the text ends before it does. */
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
