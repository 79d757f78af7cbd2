import type { TenantHold, TenantStanding } from '@remuda/domain';
import type { Dated } from './dated.js';

/** How a tenant stands, and what holds it up. */
export type TenantView = Omit<TenantStanding, 'rule'> & {
  /** Its weight and limits; absent is what is not limited. */
  readonly limits: TenantStanding['rule'];
  /** The limits that are reached. */
  readonly holds: readonly Dated<TenantHold, 'until'>[];
};

/** Tenants. */
export interface TenantListView {
  readonly tenants: readonly TenantView[];
}
