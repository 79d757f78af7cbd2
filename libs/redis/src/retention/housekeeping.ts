import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import { affixesOf } from '../script/script.js';
import { TenantCheck } from '../tenants/tenant-check.js';
import { checkJobsScript } from './forget.lua.js';

/** Number of entries per step of the search over all jobs, and of keys per step of the search for orphans. */
const [stride, keysPerLook] = [500, 1_000];

/** Searches for leftovers, step by step. Nothing waits for it. */
export class Housekeeping {
  /** Where the searches over all jobs, and over all keys, continue. */
  #rank = 0;
  #cursor = '0';

  private readonly redis: Redis;
  readonly #tenants: TenantCheck;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.redis = clientOf(connection);
    this.#tenants = new TenantCheck(this.redis, keys);
  }

  /** Runs the next step. */
  async look(): Promise<void> {
    const { keys, redis } = this;
    const { jobs, over, deadLetters } = keys;
    const [beforeJob, behindJob] = affixesOf(keys.job);
    const [beforeTenant] = affixesOf(keys.tenant);
    const args = { first: this.#rank, count: stride, beforeJob, behindJob, beforeTenant };
    this.#rank = Number(await checkJobsScript.run(redis, { keys: { jobs, over, deadLetters }, args }));
    await this.#forgetOrphans();
    await this.#tenants.look();
  }

  /** Removes keys of jobs without a record: a late count of the bridge creates one, for instance. */
  async #forgetOrphans(): Promise<void> {
    const { keys, redis } = this;
    const start = keys.job('');
    const [next, found] = await redis.scan(this.#cursor, 'MATCH', `${start}*:*`, 'COUNT', keysPerLook);
    this.#cursor = next;
    const owners = found.map((key) => key.slice(0, key.indexOf(':', start.length)));
    const known = await Promise.all(owners.map((owner) => redis.exists(owner)));
    const orphans = found.filter((_, i) => known[i] === 0);
    if (orphans.length > 0) await redis.unlink(...orphans);
  }
}
