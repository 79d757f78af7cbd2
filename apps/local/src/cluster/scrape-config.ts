import type { Cluster } from './cluster.js';

/** What Prometheus has to be told to read a cluster's figures: a `scrape_configs` of its configuration file, as YAML. */
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
