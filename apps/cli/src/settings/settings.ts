import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../usage-error.js';
import { reasonOf } from '../reason-of.js';

/** Where the api is, and as whom. */
export interface Settings {
  /** `http://127.0.0.1:7373` by default. */
  readonly url: string;
  readonly token?: string;
  /** The profile of jobs that name none. */
  readonly profile?: string;
}

/** The settings, by their name in the file and as an option, with their environment variables. */
export const settingEnv = { url: 'REMUDA_URL', token: 'REMUDA_TOKEN', profile: 'REMUDA_PROFILE' } as const;
type Name = keyof typeof settingEnv;

const defaultUrl = 'http://127.0.0.1:7373';

/** Path of the file: `remuda/config.json` in XDG_CONFIG_HOME, or in ~/.config. */
export function settingsFile(env: Readonly<Record<string, string | undefined>>): string {
  return join(env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? '.', '.config'), 'remuda', 'config.json');
}

/**
 * Reads the settings: an option comes before the environment, and that before the file. Rejects with a UsageError where
 * one is not what it should be.
 */
export async function readSettings(
  env: Readonly<Record<string, string | undefined>>,
  options: Partial<Record<Name, string>>,
): Promise<Settings> {
  const file = await fileSettings(settingsFile(env));
  const value = (name: Name): string | undefined => options[name] ?? (env[settingEnv[name]] || undefined) ?? file[name];
  const url = value('url') ?? defaultUrl;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url))
    throw new UsageError(`The address of the api must be an http or https URL, not ${JSON.stringify(url)}.`);
  const [token, profile] = [value('token'), value('profile')];
  return { url, ...(token !== undefined && { token }), ...(profile !== undefined && { profile }) };
}

async function fileSettings(path: string): Promise<Partial<Record<Name, string>>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new UsageError(`${path} cannot be read: ${reasonOf(error)}`);
  }
  const read = parsed(text, path);
  for (const [name, value] of Object.entries(read)) {
    if (!Object.hasOwn(settingEnv, name))
      throw new UsageError(
        `${path}: unknown setting ${JSON.stringify(name)}; there are ${Object.keys(settingEnv).join(', ')}.`,
      );
    if (typeof value !== 'string') throw new UsageError(`${path}: ${name} must be a string.`);
  }
  return read;
}

function parsed(text: string, path: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`${path} is not JSON: ${reasonOf(error)}`);
  }
  throw new UsageError(`${path} must contain a JSON object.`);
}
