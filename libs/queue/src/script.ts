import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script: it runs as one step in Redis, whoever else is at work. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/** Names a Lua text by its hash, as Redis does. */
export function script(lua: string): Script {
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

/** Runs a script; sends its text only where Redis does not know it yet (after a restart, for instance). */
export async function run(
  redis: Redis,
  { lua, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number)[],
): Promise<unknown> {
  try {
    return await redis.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(lua, keys.length, ...keys, ...args);
  }
}
