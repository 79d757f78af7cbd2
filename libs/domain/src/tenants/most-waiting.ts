import { anyTenant } from './tenant-rule.js';

/** How many jobs of a tenant wait, and run. */
export interface TenantJobs {
  readonly tenant: string;
  readonly waiting: number;
  readonly running: number;
}

/**
 * The tenants with the most waiting jobs, at most so many of them; of as many, those with the most running ones. All others
 * together are one more, `*`, if there are any.
 */
export function mostWaiting(tenants: readonly TenantJobs[], most: number): readonly TenantJobs[] {
  const sorted = tenants.toSorted((a, b) => b.waiting - a.waiting || b.running - a.running);
  const others = sorted.slice(most);
  if (others.length === 0) return sorted;
  const sum = (of: (each: TenantJobs) => number): number => others.reduce((total, each) => total + of(each), 0);
  const rest = { tenant: anyTenant, waiting: sum((each) => each.waiting), running: sum((each) => each.running) };
  return [...sorted.slice(0, most), rest];
}
