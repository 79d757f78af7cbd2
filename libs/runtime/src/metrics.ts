import { Registry, collectDefaultMetrics } from 'prom-client';

/** Gauges that are named as counters are, which Prometheus's own check refuses; there is one of the same by type beside each. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A registry with the process's own figures in it; `app` is a label on every figure. */
export function createRegistry(app: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}
