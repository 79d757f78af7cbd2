import type { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createBridgeMetrics } from '../../../apps/bridge/src/metrics.js';
import { createHostBridgeMetrics } from '../../../apps/host-bridge/src/metrics.js';
import { SchedulerMetrics } from '../../../apps/scheduler/src/metrics.js';
import { createRegistry } from '@remuda/runtime';
import { readDocument } from './document.js';
import { documentedFigures, figuresIn, hasPromtool, promtoolFaults } from './metrics.js';

function schedulerRegistry(registry: Registry): Registry {
  new SchedulerMetrics(registry, {
    pools: () => Promise.resolve([]),
    deadLetters: () => Promise.resolve(0),
    tenants: () => Promise.resolve([]),
    workers: () => [],
  });
  return registry;
}
const registries = {
  scheduler: () => schedulerRegistry(createRegistry('scheduler')),
  bridge: () => createBridgeMetrics().registry,
  'host-bridge': () => createHostBridgeMetrics({ running: 0, waiting: 0 }).registry,
};
const apps = ['scheduler', 'bridge', 'host-bridge'] as const;
const documented = documentedFigures();

test.each(apps)('docs/runbook.md has every figure of the %s and no other', async (app) => {
  const text = await registries[app]().metrics();
  const wanted = documented.filter((figure) => figure.app === app).map(({ name }) => name);
  expect(figuresIn(text)).toEqual(wanted.sort());
});

test.each(apps)('its labels are those of the figure, for the %s', (app) => {
  const registry = registries[app]();
  for (const { name, labels } of documented.filter((figure) => figure.app === app)) {
    const metric = registry.getSingleMetric(name) as unknown as { labelNames: readonly string[] };
    expect([name, metric.labelNames]).toEqual([name, labels]);
  }
});

test.skipIf(!hasPromtool).each(apps)('Prometheus finds nothing wrong with the figures of the %s', async (app) => {
  expect(promtoolFaults(await registries[app]().metrics())).toBe('');
});

test('the runbook speaks of no figure and label that it does not explain', () => {
  const named = [...readDocument('docs/runbook.md').matchAll(/`(remuda_\w+)(?:\{(\w+)[^`]*)?`/g)];
  const fits = ([, name, label]: RegExpExecArray): boolean =>
    documented.some((figure) => figure.name === name && (label === undefined || figure.labels.includes(label)));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((mention) => !fits(mention)).map(([text]) => text)).toEqual([]);
});
