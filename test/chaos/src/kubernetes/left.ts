import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosCluster } from '../cluster.js';

/** What the workers may take to leave, in ms, on a node that has just been frozen. */
const limitMs = 120_000;

/** Has all workers leave, and gives how many pods and Secrets are there then; undefined where workers are no pods. */
export async function leftWhenDrained({
  clients,
  workers: { pods },
}: Pick<ChaosCluster, 'clients' | 'workers'>): Promise<number | undefined> {
  if (!pods) return undefined;
  await fetch(`${clients[0]?.url ?? ''}/api/v1/pools/default/drain`, { method: 'POST' });
  const limit = Date.now() + limitMs;
  for (;;) {
    const left = (await pods.pods()).length + (await pods.secrets()).length;
    if (left === 0 || Date.now() > limit) return left;
    await sleep(250);
  }
}
