import type { Cluster } from './cluster.js';

/** The Prometheus configuration for a cluster's metrics: `scrape_configs` as YAML. */
export function scrapeConfig({
  apiUrl,
  schedulerUrl,
  bridgeUrl,
}: Pick<Cluster, 'apiUrl' | 'schedulerUrl' | 'bridgeUrl'>): string {
  const targets = [apiUrl, schedulerUrl, bridgeUrl].map((url) => `'${new URL(url).host}'`);
  return `scrape_configs:
  - job_name: remuda
    static_configs:
      - targets: [${targets.join(', ')}]`;
}
