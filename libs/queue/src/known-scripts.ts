import { createRequire } from 'node:module';
import type { Redis } from 'ioredis';
import { anyCommand, run, script, type Script } from './script.js';

/** BullMQ's own steps that a worker takes: the next ticket, and the end of one. */
const steps = ['moveToActive', 'moveToFinished'] as const;

type Steps = Readonly<Record<(typeof steps)[number], { readonly content: string }>>;

/** All scripts that a worker runs. BullMQ has no other door to the texts of its own. */
function workerScripts(): readonly Script[] {
  const texts = createRequire(import.meta.url)('bullmq/dist/cjs/scripts/index.js') as Steps;
  return [anyCommand, ...steps.map((step) => script(texts[step].content))];
}

/** Tells Redis the scripts that workers run by their hash alone; it forgets them when it is started again. */
export async function teachScripts(redis: Redis): Promise<void> {
  await Promise.all(workerScripts().map(({ lua }) => redis.script('LOAD', lua)));
}

/**
 * Has BullMQ's steps on this connection sent by their hash, and by their text only where Redis does not know them: an account that
 * may not bring scripts of its own can still take those that Redis was told. Must be called before BullMQ has the connection.
 */
export function byHash(redis: Redis): Redis {
  redis.defineCommand = (name, { lua, numberOfKeys = 0 }) => {
    const defined = script(lua);
    const call = (args: readonly string[]): Promise<unknown> =>
      run(redis, defined, args.slice(0, numberOfKeys), args.slice(numberOfKeys));
    Object.assign(redis, { [name]: call });
  };
  return redis;
}
