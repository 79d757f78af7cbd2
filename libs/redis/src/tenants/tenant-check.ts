import type { Redis } from 'ioredis';
import { defaultTenant } from '@remuda/domain';
import type { RedisKeys } from '../keys.js';
import { affixesOf } from '../script/script.js';
import { checkRunningScript, checkWaitingScript } from './check-tenants.lua.js';

/** Tenants per step at most, and waiting jobs of a tenant: some ms for all of it. */
const [tenantsPerStep, jobsPerStep] = [20, 500];

/**
 * Compares what counts against the limits of tenants with the records of their jobs, step by step. The scripts that move
 * a job keep both together; what a failover of Redis has lost, or another release has left, would count for good.
 */
export class TenantCheck {
  /** Where the search over all tenants continues, those that are next, and where it continues in the first one's jobs. */
  #cursor = '0';
  #next: string[] = [];
  #jobsCursor = '0';

  constructor(
    private readonly redis: Redis,
    private readonly keys: RedisKeys,
  ) {}

  /** Checks the next tenants, or more of the jobs of one that has many. */
  async look(): Promise<void> {
    if (this.#next.length === 0) await this.#find();
    for (let nth = 0; nth < tenantsPerStep; nth++) {
      const [tenant] = this.#next;
      if (tenant === undefined) return;
      await this.#check(tenant);
      if (this.#jobsCursor !== '0') return;
      this.#next.shift();
    }
  }

  /** The tenant of all who name none has no line: each round begins with it. */
  async #find(): Promise<void> {
    const first = this.#cursor === '0' ? [defaultTenant] : [];
    const [next, found] = await this.redis.hscan(this.keys.tenantLines, this.#cursor, 'COUNT', tenantsPerStep);
    this.#cursor = next;
    this.#next = [...first, ...found.filter((_, i) => i % 2 === 0)];
  }

  async #check(tenant: string): Promise<void> {
    const { redis, keys } = this;
    const of = keys.tenant(tenant);
    const [beforeJob] = affixesOf(keys.job);
    if (this.#jobsCursor === '0') {
      const counted = { running: `${of}:running`, spent: `${of}:spent` };
      await checkRunningScript.run(redis, { keys: counted, args: { tenant, beforeJob } });
    }
    const args = { cursor: this.#jobsCursor, count: jobsPerStep, tenant, beforeJob };
    this.#jobsCursor = String(await checkWaitingScript.run(redis, { keys: { waiting: `${of}:waiting` }, args }));
  }
}
