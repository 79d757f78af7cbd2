import { setTimeout as sleep } from 'node:timers/promises';
import { signalProcess } from '../member.js';
import { onWorker, type Act } from '../victim.js';
import { pidsOf, type ClusterPart } from './cluster-parts.js';

/** How long parts of the cluster are frozen, in ms: shorter than a node may be silent before its pods are given up. */
const frozenMs = { apiserver: 20_000, kubelet: 60_000 } as const;

/** What can happen to pods, and to the cluster that runs them. */
export const podActs = {
  'pod deleted': (scene) => onWorker(scene, ({ id }) => scene.cluster.workers.pods?.delete(id)),
  'pod deleted without grace': (scene) => onWorker(scene, ({ id }) => scene.cluster.workers.pods?.delete(id, 0)),
  'pod evicted': (scene) => onWorker(scene, ({ id }) => scene.cluster.workers.pods?.evict(id)),
  'API server frozen': (_, later) => freezePart('apiserver', later),
  'kubelet frozen': (_, later) => freezePart('kubelet', later),
} as const satisfies Record<string, Act>;

/** Freezes a part of the cluster where its process is on this machine. */
async function freezePart(part: ClusterPart, later: (what: Promise<unknown>) => void): Promise<object | undefined> {
  const pids = await pidsOf(part);
  if (pids.length === 0) return undefined;
  later(
    frozen(part, async () => {
      await sleep(frozenMs[part]);
    }),
  );
  return {};
}

/** Does something while a part of the cluster is frozen. */
export async function frozen(part: ClusterPart, meanwhile: () => Promise<void>): Promise<void> {
  const pids = await pidsOf(part);
  for (const pid of pids.toReversed()) signalProcess(pid, 'SIGSTOP');
  try {
    await meanwhile();
  } finally {
    for (const pid of pids) signalProcess(pid, 'SIGCONT');
  }
}
