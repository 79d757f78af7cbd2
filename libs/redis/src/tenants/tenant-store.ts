import {
  ruleOf,
  spendingPeriods,
  type Clock,
  type TenantJobs,
  type TenantRules,
  type TenantStanding,
  type TenantStore,
} from '@remuda/domain';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { translateRedisError } from '../connection/redis-error.js';
import type { RedisKeys } from '../keys.js';
import { readTenantRules } from './rules.js';
import { readTenantJobs } from './tenant-jobs.js';

/** How tenants stand, from what their jobs have left in Redis. */
export class RedisTenantStore implements TenantStore {
  constructor(
    private readonly connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly clock: Clock,
  ) {}

  async one(tenant: string): Promise<TenantStanding> {
    return translated(async () => {
      const redis = clientOf(this.connection);
      const key = this.keys.tenant(tenant);
      const [rules, waiting, running] = await Promise.all([
        readTenantRules(this.connection, this.keys),
        redis.scard(`${key}:waiting`),
        redis.scard(`${key}:running`),
      ]);
      return this.#standing({ tenant, waiting, running }, rules);
    });
  }

  async all(most: number): Promise<readonly TenantStanding[]> {
    return translated(async () => {
      const [rules, jobs] = await Promise.all([
        readTenantRules(this.connection, this.keys),
        readTenantJobs(this.connection, this.keys),
      ]);
      const first = jobs.toSorted((a, b) => b.waiting - a.waiting || b.running - a.running).slice(0, most);
      return Promise.all(first.map((each) => this.#standing(each, rules)));
    });
  }

  async #standing(jobs: TenantJobs, rules: TenantRules): Promise<TenantStanding> {
    const redis = clientOf(this.connection);
    const key = this.keys.tenant(jobs.tenant);
    const { day, month } = spendingPeriods(this.clock.now());
    const [spent, parked] = await Promise.all([
      redis.hmget(`${key}:spent`, day, month, 'reserved'),
      redis.smembers(`${key}:parked`),
    ]);
    const [dayUsd = 0, monthUsd = 0, reservedUsd = 0] = spent.map((micros) => Number(micros ?? 0) / 1e6);
    return {
      ...jobs,
      rule: ruleOf(rules, jobs.tenant),
      spent: { dayUsd, monthUsd, reservedUsd },
      heldIn: parked.toSorted(),
    };
  }
}

async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translateRedisError(error);
  }
}
