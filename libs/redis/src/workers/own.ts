import type { Redis } from 'ioredis';
import { run, vitalScript } from '../script/script.js';

/** How long a scheduler owns what it took without renewal, in ms: so long after its death another one takes over. */
export const ownMs = 4_000;

/** Takes or keeps what nobody else owns. KEYS: any number of owners. ARGV: scheduler, ms. Gives 1 or 0 for each. */
const ownScript = vitalScript(`
local owned = {}
for i, key in ipairs(KEYS) do
  local owner = redis.call('GET', key)
  owned[i] = 0
  if not owner or owner == ARGV[1] then
    redis.call('SET', key, ARGV[1], 'PX', ARGV[2])
    owned[i] = 1
  end
end
return owned
`);

/** Lets go of what is still ours. KEYS: any number of owners. ARGV: scheduler. */
const releaseScript = vitalScript(`
for _, key in ipairs(KEYS) do if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end end
return 1
`);

/**
 * Takes or keeps what only one scheduler at a time may have: a worker, the lead of a pool, the sweeping. `owners` are the keys that
 * say whose it is; the answers come in their order, false where another one has it.
 */
export async function own(redis: Redis, owners: readonly string[], scheduler: string): Promise<readonly boolean[]> {
  if (owners.length === 0) return [];
  const owned = await run(redis, ownScript, owners, [scheduler, ownMs]);
  return (owned as readonly number[]).map((one) => one === 1);
}

/** Lets go of it, so that another scheduler can take it at once. */
export async function release(redis: Redis, owners: readonly string[], scheduler: string): Promise<void> {
  if (owners.length > 0) await run(redis, releaseScript, owners, [scheduler]);
}
