import type { Tenant } from '@remuda/client';
import type { ReactNode } from 'react';
import { dollars } from '../shell/amounts.js';

/** Tenants with their jobs, their limits, and what holds them up. Nothing where there is one without limits: it is everybody. */
export function Tenants({ tenants }: { readonly tenants: readonly Tenant[] }): ReactNode {
  const [only] = tenants;
  if (tenants.length <= 1 && Object.keys(only?.limits ?? {}).length === 0) return null;
  return (
    <>
      <h2>Tenants</h2>
      <div className="card table" role="region" aria-label="Tenants" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Tenant</th>
              <th scope="col">Running</th>
              <th scope="col">Waiting</th>
              <th scope="col">Today</th>
              <th scope="col">This month</th>
              <th scope="col">Held up by</th>
            </tr>
          </thead>
          <tbody>
            {tenants.map((tenant) => (
              <Row key={tenant.tenant} tenant={tenant} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

const Row = ({
  tenant: { tenant, running, waiting, spent, limits, holds },
}: {
  readonly tenant: Tenant;
}): ReactNode => (
  <tr>
    <th scope="row" className="mono">
      {tenant}
    </th>
    <td>{of(running, limits.running, String)}</td>
    <td>{of(waiting, limits.waiting, String)}</td>
    <td>{of(spent.dayUsd, limits.usdPerDay, dollars)}</td>
    <td>{of(spent.monthUsd, limits.usdPerMonth, dollars)}</td>
    <td>{holds.map(holdWords).join(', ')}</td>
  </tr>
);

const of = (amount: number, most: number | undefined, show: (amount: number) => string): string =>
  most === undefined ? show(amount) : `${show(amount)} of ${show(most)}`;

const words = {
  running: 'jobs running',
  waiting: 'jobs waiting',
  usdPerDay: 'dollars per day',
  usdPerMonth: 'dollars per month',
} as const satisfies Readonly<Record<Tenant['holds'][number]['limit'], string>>;

const holdWords = ({ limit, until }: Tenant['holds'][number]): string =>
  until === undefined ? words[limit] : `${words[limit]} until ${new Date(until).toLocaleString()}`;
