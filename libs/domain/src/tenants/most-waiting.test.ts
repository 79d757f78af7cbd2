import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { mostWaiting, type TenantJobs } from './most-waiting.js';

const count = fc.nat(50);
const tenants = fc.uniqueArray(
  fc.record({ tenant: fc.stringMatching(/^[a-z]{1,6}$/), waiting: count, running: count }),
  {
    selector: ({ tenant }) => tenant,
    maxLength: 40,
  },
);
const total = (of: readonly TenantJobs[]): readonly number[] => [
  of.reduce((sum, { waiting }) => sum + waiting, 0),
  of.reduce((sum, { running }) => sum + running, 0),
];

test('no more tenants than asked for are named, and no job is lost', () => {
  fc.assert(
    fc.property(tenants, fc.nat(20), (all, most) => {
      const found = mostWaiting(all, most);
      const named = found.filter(({ tenant }) => tenant !== '*');
      expect(named).toHaveLength(Math.min(most, all.length));
      expect(total(found)).toEqual(total(all));
    }),
  );
});

test('those that are named have more jobs waiting than those that are not', () => {
  fc.assert(
    fc.property(tenants, fc.nat(20), (all, most) => {
      const named = mostWaiting(all, most).map(({ tenant }) => tenant);
      const others = all.filter(({ tenant }) => !named.includes(tenant));
      for (const one of all.filter(({ tenant }) => named.includes(tenant)))
        for (const other of others) expect(one.waiting).toBeGreaterThanOrEqual(other.waiting);
    }),
  );
});
