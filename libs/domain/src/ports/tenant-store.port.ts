import type { TenantStanding } from '../tenants/tenant-standing.js';

/** How tenants stand. Every call rejects with `redis.unavailable` in an outage. */
export interface TenantStore {
  /** One tenant, whether it has any jobs or not. */
  one(tenant: string): Promise<TenantStanding>;
  /** Those that have jobs: at most so many, those with the most waiting ones first. */
  all(most: number): Promise<readonly TenantStanding[]>;
}
