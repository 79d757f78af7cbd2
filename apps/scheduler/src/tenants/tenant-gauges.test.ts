import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { tenantGauges } from './tenant-gauges.js';

test('of a thousand tenants, 20 have figures of their own; all others are one', async () => {
  const registry = new Registry();
  const tenants = Array.from({ length: 1_000 }, (_, i) => ({ tenant: `t-${String(i)}`, waiting: i, running: 1 }));
  tenantGauges(registry, () => Promise.resolve(tenants));
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('remuda_tenant_jobs{'));
  expect(lines).toHaveLength(2 * 21);
  expect(lines).toContain('remuda_tenant_jobs{tenant="t-999",state="waiting"} 999');
  expect(lines).toContain('remuda_tenant_jobs{tenant="*",state="running"} 980');
  expect(lines.join('\n')).not.toContain('"t-979"');
});

test('without Redis there is no figure, and the rest remains', async () => {
  const registry = new Registry();
  tenantGauges(registry, () => Promise.reject(new Error('gone')));
  expect(await registry.metrics()).not.toContain('remuda_tenant_jobs{');
});
