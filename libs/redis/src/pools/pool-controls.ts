import type { Redis } from 'ioredis';
import type { Clock, Halt, HaltKind, PoolControls } from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { translateRedisError } from '../connection/redis-error.js';
import { countField, haltField } from './halts.js';
import { defineScript } from '../script/define-script.js';

/**
 * Stores a halt unless there is one of its kind; the earlier limit of two drains applies. Returns 0 if there is no such
 * profile, else 1.
 */
const haltScript = defineScript(
  { keys: ['halts', 'profiles'], args: ['field', 'halt', 'profileOrAll', 'by'], whenFull: true },
  `
if profileOrAll ~= '' and redis.call('HEXISTS', profilesKey, profileOrAll) == 0 then return 0 end
local known = redis.call('HGET', haltsKey, field)
if not known then
  redis.call('HSET', haltsKey, field, halt)
elseif by ~= '' then
  local stands = cjson.decode(known)
  if tonumber(by) < stands.by then
    stands.by = tonumber(by)
    redis.call('HSET', haltsKey, field, cjson.encode(stands))
  end
end
return 1
`,
);

/** Stores when a worker must leave, by the earliest time ever given. Returns 0 if there is no such worker. */
const drainScript = defineScript(
  { keys: ['worker'], args: ['by'], whenFull: true },
  `
local at = redis.call('HMGET', workerKey, 'phase', 'drainBy')
if not at[1] or at[1] == 'gone' then return 0 end
redis.call('HSET', workerKey, 'phase', 'draining')
if not at[2] or tonumber(by) < tonumber(at[2]) then redis.call('HSET', workerKey, 'drainBy', by) end
return 1
`,
);

/** Cordons a worker. Returns 0 if there is no such worker. */
const cordonScript = defineScript(
  { keys: ['worker'], whenFull: true },
  `
if redis.call('EXISTS', workerKey) == 0 then return 0 end
redis.call('HSET', workerKey, 'cordoned', 1)
return 1
`,
);

/** Stores that a worker must leave by then; false if there is none. */
export async function askDrain(redis: Redis, keys: RedisKeys, worker: string, by: number): Promise<boolean> {
  return (await drainScript.run(redis, { keys: { worker: keys.worker(worker) }, args: { by } })) === 1;
}

/**
 * Operators' orders, written to Redis. A notification makes the schedulers check at once; they would find them without
 * it.
 */
export class RedisPoolControls implements PoolControls {
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
  ) {
    this.redis = clientOf(connection);
  }

  pause(profile: string | undefined, reason: string): Promise<boolean> {
    return this.#halt('paused', profile, { since: this.clock.now(), reason });
  }

  drainPool(profile: string, limitMs: number, reason: string): Promise<boolean> {
    const since = this.clock.now();
    return this.#halt('drained', profile, { since, reason, by: since + limitMs });
  }

  resume(profile: string | undefined): Promise<boolean> {
    return this.#steer(async () => {
      const { halts, profiles, failedStarts } = this.keys;
      if (profile === undefined) return (await this.redis.hdel(halts, haltField('paused', undefined))) >= 0;
      if ((await this.redis.hexists(profiles, profile)) === 0) return false;
      const kinds: readonly HaltKind[] = ['paused', 'drained', 'suspended'];
      const counts = (['engine.start_failed', 'container.start_failed'] as const).map((code) =>
        countField(code, profile),
      );
      await Promise.all([
        this.redis.hdel(failedStarts, ...counts),
        this.redis.hdel(halts, ...kinds.map((kind) => haltField(kind, profile))),
      ]);
      return true;
    });
  }

  cordon(worker: string): Promise<boolean> {
    return this.#steer(async () => {
      const call = { keys: { worker: this.keys.worker(worker) }, args: {} };
      return (await cordonScript.run(this.redis, call)) === 1;
    });
  }

  uncordon(worker: string): Promise<boolean> {
    return this.#steer(async () => {
      const key = this.keys.worker(worker);
      const [, exists] = await Promise.all([this.redis.hdel(key, 'cordoned'), this.redis.hexists(key, 'phase')]);
      return exists === 1;
    });
  }

  drainWorker(worker: string, limitMs: number): Promise<boolean> {
    return this.#steer(() => askDrain(this.redis, this.keys, worker, this.clock.now() + limitMs));
  }

  #halt(kind: HaltKind, profile: string | undefined, halt: Omit<Halt, 'kind'>): Promise<boolean> {
    const { halts, profiles } = this.keys;
    const field = haltField(kind, profile);
    const args = { field, halt: JSON.stringify(halt), profileOrAll: profile ?? '', by: halt.by ?? '' };
    return this.#steer(async () => (await haltScript.run(this.redis, { keys: { halts, profiles }, args })) === 1);
  }

  async #steer(act: () => Promise<boolean>): Promise<boolean> {
    try {
      const done = await act();
      if (done) await this.redis.publish(this.keys.steer, '');
      return done;
    } catch (error) {
      throw translateRedisError(error);
    }
  }
}
