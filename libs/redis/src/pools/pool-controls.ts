import type { Redis } from 'ioredis';
import type { Clock, Halt, HaltKind, PoolControls } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { translateRedisError } from '../connection/redis-error.js';
import { countField, haltField } from './halts.js';
import { run, vitalScript } from '../script/script.js';

/**
 * Writes a halt down where there is none of its kind; of two drains the earlier limit holds.
 * KEYS: halts, profiles. ARGV: field, halt, profile or '' for all, limit or ''. Gives 0 where there is no such profile, else 1.
 */
const haltScript = vitalScript(`
if ARGV[3] ~= '' and redis.call('HEXISTS', KEYS[2], ARGV[3]) == 0 then return 0 end
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
elseif ARGV[4] ~= '' then
  local halt = cjson.decode(known)
  if tonumber(ARGV[4]) < halt.by then
    halt.by = tonumber(ARGV[4])
    redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(halt))
  end
end
return 1
`);

/** Writes down that a worker is to leave, by the earliest time that was ever said. KEYS: worker. ARGV: by. Gives 0 where there is none. */
const drainScript = vitalScript(`
local at = redis.call('HMGET', KEYS[1], 'phase', 'drainBy')
if not at[1] or at[1] == 'gone' then return 0 end
redis.call('HSET', KEYS[1], 'phase', 'draining')
if not at[2] or tonumber(ARGV[1]) < tonumber(at[2]) then redis.call('HSET', KEYS[1], 'drainBy', ARGV[1]) end
return 1
`);

/** KEYS: worker. Gives 0 where there is none. */
const cordonScript = vitalScript(`
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'cordoned', 1)
return 1
`);

/** Writes down that a worker is to leave by then; false where there is none. */
export async function askDrain(redis: Redis, keys: RedisKeys, worker: string, by: number): Promise<boolean> {
  return (await run(redis, drainScript, [keys.worker(worker)], [by])) === 1;
}

/** What operators want, written into Redis. A word on the side makes the schedulers look at once; they'd find it without. */
export class RedisPoolControls implements PoolControls {
  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
  ) {}

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
    return this.#steer(async () => (await run(this.redis, cordonScript, [this.keys.worker(worker)], [])) === 1);
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
    const args = [haltField(kind, profile), JSON.stringify(halt), profile ?? '', halt.by ?? ''];
    return this.#steer(
      async () => (await run(this.redis, haltScript, [this.keys.halts, this.keys.profiles], args)) === 1,
    );
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
