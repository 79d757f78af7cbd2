import type { Redis } from 'ioredis';
import { anyCommand } from './script.js';
import { takeScript } from './take.lua.js';

/**
 * Tells Redis the scripts that workers run: an account that may not bring scripts of its own can still run these, by their hash. Redis
 * forgets them when it is started again.
 */
export async function teachScripts(redis: Redis): Promise<void> {
  await Promise.all([anyCommand, takeScript].map(({ lua }) => redis.script('LOAD', lua)));
}
