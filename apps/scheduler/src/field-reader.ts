import type { Fault } from '@remuda/domain';

/** Reads typed values, and collects all faults instead of stopping at the first. */
export class FieldReader {
  constructor(private readonly faults: Fault[]) {}

  fault(path: string, message: string): void {
    this.faults.push({ path, message });
  }

  object(value: unknown, path: string, known?: readonly string[]): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.fault(path, `expected a mapping, got ${JSON.stringify(value)}`);
      return {};
    }
    for (const key of Object.keys(value))
      if (known?.includes(key) === false)
        this.fault(`${path}.${key}`, `unknown field, expected one of ${known.join(', ')}`);
    return value as Record<string, unknown>;
  }

  text(value: unknown, path: string): string | undefined {
    return this.#typed(value, path, 'a string', (v): v is string => typeof v === 'string' && v !== '');
  }

  texts(value: unknown, path: string): readonly string[] | undefined {
    const isTexts = (v: unknown): v is string[] => Array.isArray(v) && v.every((each) => typeof each === 'string');
    return this.#typed(value, path, 'a list of strings', isTexts);
  }

  /** A mapping of strings. */
  textsByName(value: unknown, path: string): Readonly<Record<string, string>> | undefined {
    const isTexts = (v: unknown): v is Record<string, string> =>
      typeof v === 'object' && !Array.isArray(v) && Object.values(v ?? {}).every((each) => typeof each === 'string');
    return this.#typed(value, path, 'a mapping of strings', isTexts);
  }

  list(value: unknown, path: string): readonly unknown[] | undefined {
    return this.#typed(value, path, 'a list', (v): v is unknown[] => Array.isArray(v));
  }

  flag(value: unknown, path: string): boolean | undefined {
    return this.#typed(value, path, 'true or false', (v): v is boolean => typeof v === 'boolean');
  }

  oneOf<T extends string>(value: unknown, path: string, words: readonly T[]): T | undefined {
    return this.#typed(value, path, `one of ${words.join(', ')}`, (v): v is T => words.includes(v as T));
  }

  someOf<T extends string>(value: unknown, path: string, words: readonly T[]): readonly T[] | undefined {
    const isSome = (v: unknown): v is T[] => Array.isArray(v) && v.every((each) => words.includes(each as T));
    return this.#typed(value, path, `a list of ${words.join(', ')}`, isSome);
  }

  /** `besides` names accepted values that are not numbers. */
  number<F extends number | undefined>(
    value: unknown,
    path: string,
    fallback: F,
    min: number,
    max: number,
    besides = '',
  ): number | F {
    const fits = (v: unknown): v is number => typeof v === 'number' && v >= min && v <= max;
    return this.#typed(value, path, `${besides}a number from ${String(min)} to ${String(max)}`, fits) ?? fallback;
  }

  #typed<T>(value: unknown, path: string, what: string, fits: (value: unknown) => value is T): T | undefined {
    if (value === undefined || value === null) return undefined;
    if (fits(value)) return value;
    this.fault(path, `expected ${what}, got ${JSON.stringify(value)}`);
    return undefined;
  }
}
