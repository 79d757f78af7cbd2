import type { Redis } from 'ioredis';
import { defineScript, type Fragment } from '../script/define-script.js';

/**
 * How long a scheduler owns what it took without renewal, in ms: after its death another one takes over after this
 * time.
 */
export const ownMs = 4_000;

/** Whether a scheduler may take what this one, or nobody, owns. */
const mayOwn: Fragment = {
  lua: 'local function mayOwn(scheduler, owner) return not owner or owner == scheduler end',
};

/** Takes or renews what nobody else owns. Returns 1 or 0 for each owner's key. */
const ownScript = defineScript(
  { keys: [], args: ['scheduler', 'forMs'], each: { keys: ['owner'] }, include: [mayOwn], whenFull: true },
  ({ forEach }) => `
local owned = {}
${forEach}
  local owner = redis.call('GET', ownerKey)
  owned[nth] = 0
  if mayOwn(scheduler, owner) then
    redis.call('SET', ownerKey, scheduler, 'PX', forMs)
    owned[nth] = 1
  end
end
return owned
`,
);

/** Releases what is still ours. */
const releaseScript = defineScript(
  { keys: [], args: ['scheduler'], each: { keys: ['owner'] }, whenFull: true },
  ({ forEach }) => `
${forEach}
  if redis.call('GET', ownerKey) == scheduler then redis.call('DEL', ownerKey) end
end
return 1
`,
);

/**
 * Takes or renews what only one scheduler at a time may have: a worker, the leadership of a pool, the sweeping.
 * `owners` are the keys that name the owner; the answers are in their order, false if another one owns it.
 */
export async function own(redis: Redis, owners: readonly string[], scheduler: string): Promise<readonly boolean[]> {
  if (owners.length === 0) return [];
  const owned = await ownScript.run(redis, { keys: {}, args: { scheduler, forMs: ownMs }, each: eachOf(owners) });
  return (owned as readonly number[]).map((one) => one === 1);
}

/** Releases it, so that another scheduler can take it at once. */
export async function release(redis: Redis, owners: readonly string[], scheduler: string): Promise<void> {
  if (owners.length > 0) await releaseScript.run(redis, { keys: {}, args: { scheduler }, each: eachOf(owners) });
}

const eachOf = (owners: readonly string[]) => owners.map((owner) => ({ keys: { owner }, args: {} }));
