import type { Redis } from 'ioredis';
import type { Clock } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { defineScript, type Fragment } from '../script/define-script.js';
import { nowMs } from '../script/redis-time.js';

/**
 * How long a scheduler owns what it took without renewal, in ms, if its presence says nothing: that of an earlier
 * release, or one whose presence was forgotten.
 */
export const ownMs = 15_000;

/**
 * How long a scheduler counts as present after its last word, in ms: after its death another one takes over what it
 * owned after this time. It says so about five times in that time.
 */
export const presentMs = 1_500;

/** How long a scheduler that was absent itself takes over nothing of others, in ms. */
const graceMs = 750;

/** Presences that ended so long ago, in ms, are forgotten: by then, all that was owned with them has run out. */
const forgetMs = 4 * ownMs;

/** Whether a scheduler was present and is so no longer. One that never said so is of an earlier release. */
export const isAbsent: Fragment = {
  lua: `
local function isAbsent(scheduler, now)
  local presentUntil = redis.call('ZSCORE', schedulersKey, scheduler)
  if not presentUntil then return false end
  return tonumber(presentUntil) < now -- rule: present
end`,
};

/** Whether a scheduler may take what this one, or nobody, owns; or, if it may `takeOver`, one that is not present. */
const mayOwn: Fragment = {
  needs: [isAbsent],
  lua: `
local function mayOwn(scheduler, owner, takeOver, now)
  if not owner or owner == scheduler then return true end
  return takeOver == '1' and isAbsent(owner, now)
end`,
};

/** Takes or renews what nobody else owns. Returns 1 or 0 for each owner's key. */
const ownScript = defineScript(
  {
    keys: ['schedulers'],
    args: ['scheduler', 'forMs', 'takeOver'],
    each: { keys: ['owner'] },
    include: [nowMs, mayOwn],
    whenFull: true,
  },
  ({ forEach }) => `
local now = nowMs()
local owned = {}
${forEach}
  local owner = redis.call('GET', ownerKey)
  owned[nth] = 0
  if mayOwn(scheduler, owner, takeOver, now) then
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

/** Says that a scheduler is present. Returns for how long it was not, in ms (0 if it was, or is new), and who else is not. */
const presentScript = defineScript(
  { keys: ['schedulers'], args: ['scheduler', 'forMs', 'forgetMs'], include: [nowMs], whenFull: true },
  `
local now = nowMs()
local was = redis.call('ZSCORE', schedulersKey, scheduler)
redis.call('ZREMRANGEBYSCORE', schedulersKey, '-inf', now - forgetMs)
redis.call('ZADD', schedulersKey, now + forMs, scheduler)
local absentMs = 0
if was and tonumber(was) < now then absentMs = now - tonumber(was) end
return {absentMs, redis.call('ZRANGEBYSCORE', schedulersKey, '-inf', now - 1)}
`,
);

/** Maximum number of owners in one step, so that others' commands come in between. */
const atOnce = 1_000;

/**
 * What only one scheduler at a time may have: a worker, the leadership of a pool, the sweeping. Its owner's name is in a
 * key of its own; whether that owner is still there, its presence says, which it renews for all of them at once. So the
 * cost of a quick take-over does not grow with the number of workers.
 */
export class Presence {
  readonly #redis: Redis;
  /** From when on we may take what absent schedulers own, by the monotonic clock in ms. */
  #steadyFrom = -Infinity;
  /** Absent schedulers that were told. */
  #told: ReadonlySet<string> = new Set();

  constructor(
    connection: RedisConnection,
    private readonly keys: Pick<RedisKeys, 'schedulers'>,
    /** Our own name. */
    readonly scheduler: string,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {
    this.#redis = clientOf(connection);
  }

  /**
   * Says that we are present for the next `presentMs`. Resolves with whether owners may have changed: another scheduler
   * is absent since the last time, or we were so ourselves.
   */
  async say(): Promise<boolean> {
    const args = { scheduler: this.scheduler, forMs: presentMs, forgetMs };
    const answer = await presentScript.run(this.#redis, { keys: { schedulers: this.keys.schedulers }, args });
    const [absentMs, absent] = answer as readonly [number, readonly string[]];
    const now = this.clock.monotonic();
    // After an outage of Redis all of them are absent, and each may need a moment to say otherwise.
    if (absentMs > 0) this.#steadyFrom = now + graceMs;
    const isSteady = now >= this.#steadyFrom;
    const isNew = isSteady && absent.some((other) => !this.#told.has(other));
    // What we were about to take when we were absent ourselves is told again.
    this.#told = new Set(isSteady ? absent : []);
    return absentMs > 0 || isNew;
  }

  /** Takes or renews what the keys `owners` name; resolves with which of them are ours, in their order. */
  async own(owners: readonly string[]): Promise<readonly boolean[]> {
    const takeOver = this.clock.monotonic() >= this.#steadyFrom ? 1 : 0;
    const keys = { schedulers: this.keys.schedulers };
    const args = { scheduler: this.scheduler, forMs: ownMs, takeOver };
    const owned = await Promise.all(
      groupsOf(owners).map((group) => ownScript.run(this.#redis, { keys, args, each: eachOf(group) })),
    );
    return (owned as readonly (readonly number[])[]).flat().map((one) => one === 1);
  }

  /** Releases it, so that another scheduler can take it at once. */
  async release(owners: readonly string[]): Promise<void> {
    const args = { scheduler: this.scheduler };
    await Promise.all(
      groupsOf(owners).map((group) => releaseScript.run(this.#redis, { keys: {}, args, each: eachOf(group) })),
    );
  }

  /** Leaves: says that we are present no longer. */
  async leave(): Promise<void> {
    await this.#redis.zrem(this.keys.schedulers, this.scheduler);
  }
}

const groupsOf = (owners: readonly string[]): readonly (readonly string[])[] =>
  Array.from({ length: Math.ceil(owners.length / atOnce) }, (_, i) => owners.slice(i * atOnce, (i + 1) * atOnce));

const eachOf = (owners: readonly string[]) => owners.map((owner) => ({ keys: { owner }, args: {} }));
