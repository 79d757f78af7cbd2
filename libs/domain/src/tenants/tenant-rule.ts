/** What a tenant gets, and what it may at most. What is absent is as for `*`, the tenants without rules of their own. */
export interface TenantRule {
  /** Its share of a pool's workers, relative to the weights of other tenants whose jobs wait. Default: 1. */
  readonly weight?: number;
  /** Jobs with a worker at a time, over all profiles. */
  readonly running?: number;
  /** Jobs that are queued at a time, parked ones and turns of sessions included. */
  readonly waiting?: number;
  /** Dollars of the model on a day, by UTC. */
  readonly usdPerDay?: number;
  /** Dollars of the model in a month, by UTC. */
  readonly usdPerMonth?: number;
  /** Dollars that are reserved while a job runs that has no `maxBudgetUsd`. Default: `defaultReserveUsd`. */
  readonly reserveUsd?: number;
}

/** The names of a tenant's rules. */
export const tenantRules = ['weight', 'running', 'waiting', 'usdPerDay', 'usdPerMonth', 'reserveUsd'] as const;

/** Rules by tenant; `*` means all others. */
export type TenantRules = Readonly<Record<string, TenantRule>>;

/** The tenants that have no rules of their own. */
export const anyTenant = '*';

/** Dollars that are reserved for a job without a budget, where no rule says otherwise. */
export const defaultReserveUsd = 0.5;

/** The limit that keeps a tenant's jobs from being accepted, or from starting. */
export type TenantLimit = 'running' | 'waiting' | 'usdPerDay' | 'usdPerMonth';

/** The rules that hold for a tenant. */
export function ruleOf(rules: TenantRules, tenant: string): TenantRule {
  return { ...rules[anyTenant], ...rules[tenant] };
}

/** The day and the month of a point in time (epoch ms), by UTC: `2026-11-30` and `2026-11`. */
export function spendingPeriods(at: number): { readonly day: string; readonly month: string } {
  const date = new Date(at).toISOString();
  return { day: date.slice(0, 10), month: date.slice(0, 7) };
}

/** When a limit of dollars counts anew (epoch ms): at the next day or month, by UTC. Undefined for other limits. */
export function limitEndsAt(limit: TenantLimit, at: number): number | undefined {
  const date = new Date(at);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  if (limit === 'usdPerDay') return Date.UTC(year, month, day + 1);
  return limit === 'usdPerMonth' ? Date.UTC(year, month + 1, 1) : undefined;
}
