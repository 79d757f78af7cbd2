import { Registry, collectDefaultMetrics } from 'prom-client';

/** A registry with the process's own figures in it; `app` is a label on every figure. */
export function createRegistry(app: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ app });
  collectDefaultMetrics({ register: registry });
  return registry;
}
