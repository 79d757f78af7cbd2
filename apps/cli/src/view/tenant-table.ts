import type { Tenant } from '@remuda/client';
import { dollars } from './amounts.js';

/** What a table has of tenants. */
export const tenantTitles = ['tenant', 'running', 'waiting', 'today', 'this month', 'held up by'];

/** A tenant in it, each amount with its limit. */
export function tenantRow({ tenant, running, waiting, limits, spent, holds }: Tenant): readonly string[] {
  return [
    tenant,
    of(running, limits.running, String),
    of(waiting, limits.waiting, String),
    of(spent.dayUsd, limits.usdPerDay, dollars),
    of(spent.monthUsd, limits.usdPerMonth, dollars),
    holds.map(({ limit, until }) => (until === undefined ? limit : `${limit} until ${until}`)).join(', '),
  ];
}

const of = (amount: number, most: number | undefined, show: (amount: number) => string): string =>
  most === undefined ? show(amount) : `${show(amount)} of ${show(most)}`;
