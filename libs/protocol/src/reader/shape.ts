import { isId } from '@remuda/domain';
import { isRecord } from './json.js';

/** Reads an external value into one of our types; undefined if it does not match. */
export type Reader<T> = (value: unknown) => T | undefined;

/** The reader of an optional field. */
export interface OptionalReader<T> {
  readonly optional: Reader<T>;
}

/** A reader for each field of T, including optional ones: a missing reader does not compile. */
export type Fields<T> = {
  readonly [K in keyof T]-?: Partial<Pick<T, K>> extends Pick<T, K>
    ? OptionalReader<Exclude<T[K], undefined>>
    : Reader<T[K]>;
};

/** Maximum depth of JSON that is copied unchanged. `JSON.stringify` and later readers recurse. */
export const maxDepth = 100;

/** Reads an object field by field; unknown fields are dropped, one field that does not match refuses the object. */
export function shape<T extends object>(fields: Fields<NoInfer<T>>): Reader<T> {
  const known = Object.entries<Reader<unknown> | OptionalReader<unknown>>(fields);
  return (value) => {
    if (!isRecord(value)) return undefined;
    const made: Record<string, unknown> = {};
    for (const [name, reader] of known) {
      const given = Object.hasOwn(value, name) ? value[name] : undefined;
      if (given === undefined && typeof reader !== 'function') continue;
      const read = typeof reader === 'function' ? reader(given) : reader.optional(given);
      if (read === undefined) return undefined;
      made[name] = read;
    }
    return made as T;
  };
}

/** An optional field, which must match if present. */
export const optional = <T>(reader: Reader<T>): OptionalReader<T> => ({ optional: reader });

/** A list whose every element matches. */
export function list<T>(reader: Reader<T>): Reader<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const read: T[] = [];
    for (const each of value) {
      const one = reader(each);
      if (one === undefined) return undefined;
      read.push(one);
    }
    return read;
  };
}

/** The last `most` elements of a list. */
export function lastOf<T>(most: number, reader: Reader<T>): Reader<readonly T[]> {
  const all = list(reader);
  return (value) => all(Array.isArray(value) ? value.slice(-most) : value);
}

export const text: Reader<string> = (value) => (typeof value === 'string' ? value : undefined);

/** A string, truncated to this many characters. */
export const textUpTo =
  (most: number): Reader<string> =>
  (value) =>
    typeof value === 'string' ? value.slice(0, most) : undefined;

export const flag: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);

/** One of these words. */
export const oneOf =
  <T extends string>(words: readonly T[]): Reader<T> =>
  (value) =>
    words.find((word) => word === value);

/** A finite number from 0 to `most`. JSON can express infinite ones: `1e999`. */
export const upTo =
  (most: number): Reader<number> =>
  (value) =>
    typeof value === 'number' && value >= 0 && value <= most ? value : undefined;

/** A whole number, 0 or greater. */
export const count: Reader<number> = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;

/** One of our ids: other strings could name unrelated keys. */
export const idText: Reader<string> = (value) => (typeof value === 'string' && isId(value) ? value : undefined);

/** A lease token. */
export const lease: Reader<number> = (value) => (value === 0 ? undefined : count(value));

/** A point in time, epoch ms. */
export const time: Reader<number> = upTo(8.64e15);

/** A duration in ms; a negative one, from a clock that was set back, counts as 0. */
export const span: Reader<number> = (value) =>
  typeof value === 'number' && Number.isFinite(value) ? Math.max(0, value) : undefined;

/** Any JSON that is not nested deeper than `maxDepth`. */
export const json: Reader<unknown> = (value) => (isShallow(value, maxDepth) ? value : undefined);

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}
