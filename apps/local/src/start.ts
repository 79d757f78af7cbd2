import { once } from 'node:events';
import type { Cluster } from './cluster/cluster.js';
import { say, startLocalCluster } from './cluster/local-cluster.js';
import { scrapeConfig } from './cluster/scrape-config.js';
import { watchErrors } from './demo/watch-errors.js';

/** Starts a cluster and keeps it running until the signal aborts (true) or a part of it ends (false). */
export async function start(env: Readonly<Record<string, string | undefined>>, signal: AbortSignal): Promise<boolean> {
  const cluster = await startLocalCluster({ env, command: 'start', signal });
  const endWatch = watchErrors(cluster.logDir, say);
  try {
    console.log(addresses(cluster));
    const left = once(signal, 'abort').then(() => undefined);
    const broken = signal.aborted ? undefined : await Promise.race([cluster.broken, left]);
    if (broken !== undefined && !signal.aborted) console.error(`${broken}; see ${cluster.logDir}`);
    return signal.aborted;
  } finally {
    say('shutting down');
    await cluster.stop();
    await endWatch();
  }
}

function addresses(cluster: Cluster): string {
  const { apiUrl, schedulerUrl, bridgeUrl, logDir } = cluster;
  return `
  console        ${apiUrl}/
  API            ${apiUrl}/api/v1
  documentation  ${apiUrl}/api/docs
  board          ${apiUrl}/admin/queues
  metrics        ${apiUrl}/metrics  ${schedulerUrl}/metrics  ${bridgeUrl}/metrics
  logs           ${logDir}

Try it, in another terminal:

  npx remuda --url ${apiUrl} run "Write a haiku about horses into haiku.txt"
  curl -s ${apiUrl}/api/v1/jobs -H 'content-type: application/json' -H 'prefer: wait=60' -d '{"prompt":"Write a haiku about horses into haiku.txt"}'

For Prometheus:

${scrapeConfig(cluster).replaceAll(/^/gm, '  ')}

Ctrl-C stops everything.`;
}
