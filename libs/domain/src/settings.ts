import { RemudaError, type Fault } from './errors.js';

/** One environment variable: its meaning, unit and default. A variable without a default may be absent. */
export interface Setting<T> {
  readonly env: string;
  readonly about: string;
  /** Unit or format, for the documents: `ms`, `port`, `url`. */
  readonly unit: string;
  readonly default?: T;
  readonly secret?: boolean;
  /** Returns the value, or throws an Error that says what was expected. */
  readonly parse: (text: string) => T;
}

/** The values of a table of settings. */
export type SettingsOf<T extends Readonly<Record<string, Setting<unknown>>>> = {
  readonly [K in keyof T]: T[K] extends { readonly default: infer D }
    ? D extends undefined
      ? ReturnType<T[K]['parse']> | undefined
      : ReturnType<T[K]['parse']>
    : ReturnType<T[K]['parse']> | undefined;
};

/**
 * Reads all settings of a table, and reports all faults at once as `config.invalid`. An empty variable counts as
 * absent.
 */
export function readSettings<T extends Readonly<Record<string, Setting<unknown>>>>(
  table: T,
  env: Readonly<Record<string, string | undefined>>,
): SettingsOf<T> {
  const faults: Fault[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, setting] of Object.entries(table)) {
    const text = env[setting.env];
    try {
      values[key] = text === undefined || text === '' ? setting.default : setting.parse(text);
    } catch (error) {
      faults.push({ path: setting.env, message: error instanceof Error ? error.message : String(error) });
    }
  }
  if (faults.length > 0) {
    const lines = faults.map((f) => `  ${f.path}: ${f.message}`).join('\n');
    throw new RemudaError('config.invalid', `The environment has ${String(faults.length)} fault(s):\n${lines}`, {
      faults,
    });
  }
  return values as SettingsOf<T>;
}

const shown = (text: string): string => JSON.stringify(text.slice(0, 60));

/** An address and a port to listen at. */
export function hostAndPort(value: string): { readonly host: string; readonly port: number } {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+):(\d{1,5})$/i.exec(value) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new Error('expected an address and a port, such as 0.0.0.0:7443 or [::]:7443');
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** A whole number within limits. */
export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new Error(`expected a whole number from ${String(min)} to ${String(max)}, got ${shown(text)}`);
    return value;
  };

/** One of the given words. */
export const oneOf =
  <const W extends readonly string[]>(words: W) =>
  (text: string): W[number] => {
    if (!words.includes(text)) throw new Error(`expected one of ${words.join(', ')}, got ${shown(text)}`);
    return text;
  };

/** Any string. */
export const text = (value: string): string => value;

/**
 * Name of a cluster, the prefix of its Redis keys: the same rule in every app, or one would start where the others
 * refuse to. At most 30 characters, since it is also part of names of containers and folders.
 */
export const namespaceName = (value: string): string => {
  if (!/^[a-z0-9-]{1,30}$/.test(value))
    throw new Error(`expected lower-case letters, digits and dashes, at most 30, got ${shown(value)}`);
  return value;
};
