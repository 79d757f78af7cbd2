import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { ScriptNotToldError, answerCode, isFull } from '../connection/redis-error.js';
import type { Argument } from './large-arguments.js';

/** A Lua script: it runs atomically in Redis. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Names a Lua text by its hash, as Redis does. */
export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/**
 * A script that also runs while Redis has no memory left: its writes end something, or keep running work alive. Without
 * the flag Redis would refuse its first write. Scripts that accept new work must not have it.
 */
export function vitalScript(lua: string): Script {
  return script(`#!lua flags=allow-oom\n${lua.trimStart()}`);
}

/** Runs a script; sends its text only if Redis does not have it yet (after a restart, for instance). */
export async function run(
  redis: Redis,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (answerCode(error) !== 'NOSCRIPT') throw error;
    return bring(redis, lua, keys, args);
  }
}

/** Runs a script by its text. */
async function bring(redis: Redis, lua: string, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
  try {
    return await redis.eval(lua, keys.length, ...keys, ...args);
  } catch (error) {
    if (answerCode(error) === 'NOPERM')
      throw new ScriptNotToldError('Redis does not have this script.', { cause: error });
    throw error;
  }
}

/** A hash as a script returns it: fields and values in turn. */
export function hashOf(flat: readonly string[]): Readonly<Record<string, string>> {
  const hash: Record<string, string> = {};
  for (let i = 0; i + 1 < flat.length; i += 2) hash[flat[i] ?? ''] = flat[i + 1] ?? '';
  return hash;
}

/** Requested with every claim and every check, and always the same. */
const knownAffixes = new WeakMap<(name: string) => string, readonly [before: string, after: string]>();

/** The parts of a key before and after a name, for a script that learns the name only while it runs. */
export function affixesOf(keyOf: (name: string) => string): readonly [before: string, after: string] {
  const known = knownAffixes.get(keyOf);
  if (known) return known;
  const [before = '', after = ''] = keyOf('\0').split('\0');
  knownAffixes.set(keyOf, [before, after]);
  return [before, after];
}

/** One command on one key. */
export const anyCommand = vitalScript(`return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))`);

/**
 * For a command's `catch`: a command that was refused because Redis is full is run anyway; other errors stay errors.
 */
export const allTheSame =
  (redis: Redis, command: string, key: string, ...args: readonly (string | number)[]) =>
  (error: unknown): Promise<unknown> => {
    if (!isFull(error)) throw error;
    return run(redis, anyCommand, [key], [command, ...args]);
  };
