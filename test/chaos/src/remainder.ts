import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaosOptions } from './options.js';
import { pidsOf } from './kubernetes/cluster-parts.js';
import { PodNamespace } from './kubernetes/pod-namespace.js';
import { signalProcess } from './member.js';
import { killProcesses, partsOf, removeWorkers, type WorkerPlace } from './processes.js';

/**
 * Runs beside a cluster (`remainder.js <runtime> <worker folder> <namespace> [<kubeconfig> <namespace of the pods>]`). Asked to go, which also happens when the process
 * that started it is gone, it ends every worker that the schedulers leave behind, and then whatever part of the cluster is left.
 */
const [runtime, workerDir = '', namespace = '', kubeconfig, podNamespace = ''] = process.argv.slice(2);
const pods = kubeconfig === undefined ? undefined : PodNamespace.at(kubeconfig, podNamespace);
const place: WorkerPlace = { runtime: runtime as ChaosOptions['runtime'], workerDir, namespace, pods };

/** What the parts may take to end in good order, in ms. */
const partsMs = 25_000;

/** What ended the run may have left a part of Kubernetes frozen: pods would not be removed. */
async function thaw(): Promise<void> {
  if (runtime !== 'kubernetes') return;
  for (const part of ['apiserver', 'kubelet'] as const)
    for (const pid of await pidsOf(part)) signalProcess(pid, 'SIGCONT');
}

async function clear(): Promise<void> {
  await thaw();
  const limit = Date.now() + partsMs;
  for (;;) {
    // A scheduler that still runs may have started another one.
    await removeWorkers(place);
    const parts = await partsOf(namespace);
    if (parts.length === 0) break;
    // Frozen ones hear nothing.
    killProcesses(parts, Date.now() < limit ? 'SIGCONT' : 'SIGKILL');
    await sleep(200);
  }
  await removeWorkers(place);
}

const goesOn = setInterval(() => undefined, 60_000);
process.once('SIGTERM', () => void clear().finally(() => clearInterval(goesOn)));
