import { Gauge, Registry, collectDefaultMetrics } from 'prom-client';

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

/** A gauge of a point in time, in seconds since the epoch. It has no value, rather than 0, before the first one is set. */
export function timestampGauge(registry: Registry, name: string, help: string): (epochMs: number) => void {
  const gauge = new Gauge({ name, help, registers: [registry] });
  gauge.remove();
  return (epochMs) => {
    gauge.set(Math.floor(epochMs / 1_000));
  };
}
