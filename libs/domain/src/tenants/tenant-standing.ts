import type { TenantJobs } from './most-waiting.js';
import { defaultReserveUsd, limitEndsAt, type TenantLimit, type TenantRule } from './tenant-rule.js';

/** What a tenant has spent, and what is reserved for its running jobs, in US dollars. */
export interface TenantSpending {
  readonly dayUsd: number;
  readonly monthUsd: number;
  readonly reservedUsd: number;
}

/** How a tenant stands: its jobs, its limits and what it has used of them. */
export interface TenantStanding extends TenantJobs {
  readonly rule: TenantRule;
  readonly spent: TenantSpending;
  /** Profiles whose workers it gets no turn at, because of a limit. */
  readonly heldIn: readonly string[];
}

/** A limit that holds a tenant up. */
export interface TenantHold {
  readonly limit: TenantLimit;
  /** When it counts anew (epoch ms); absent where it ends with a job. */
  readonly until?: number;
}

/**
 * The limits that hold a tenant up at this time (epoch ms): with `waiting` it can submit nothing, with the others it starts nothing.
 * Dollars count with what would be reserved for a job without a budget.
 */
export function holdsOf({ rule, waiting, running, spent }: Omit<TenantStanding, 'tenant'>, now: number): TenantHold[] {
  const next = spent.reservedUsd + (rule.reserveUsd ?? defaultReserveUsd);
  const reached = {
    running: rule.running !== undefined && running >= rule.running,
    waiting: rule.waiting !== undefined && waiting >= rule.waiting,
    usdPerDay: rule.usdPerDay !== undefined && spent.dayUsd + next > rule.usdPerDay,
    usdPerMonth: rule.usdPerMonth !== undefined && spent.monthUsd + next > rule.usdPerMonth,
  } satisfies Readonly<Record<TenantLimit, boolean>>;
  const limits = (Object.keys(reached) as TenantLimit[]).filter((limit) => reached[limit]);
  return limits.map((limit) => {
    const until = limitEndsAt(limit, now);
    return { limit, ...(until === undefined ? {} : { until }) };
  });
}
