import { Registry, collectDefaultMetrics } from 'prom-client';

/** Gauges with the names of counters, which Prometheus's own check refuses; for each there is an equivalent by type. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A registry with the process's own metrics; `app` is a label on every metric. */
export function createRegistry(app: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}
