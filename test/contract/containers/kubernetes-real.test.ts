import { containerSpec } from '@remuda/testing';
import { describe } from 'vitest';
import { containerRuntimeContract, type RuntimeHarness } from './container-runtime.contract.js';
import { clusterImage, kubeconfig, RealCluster } from './real-cluster.js';

async function realHarness(): Promise<RuntimeHarness> {
  const cluster = await RealCluster.open();
  return {
    open: (name = 'own') => cluster.runtime(name),
    openBroken: () => ({
      runtime: cluster.runtime('own', { namespace: 'remuda-nowhere' }),
      images: [],
      names: /no namespace remuda-nowhere/,
    }),
    spec: (worker, behaviour) =>
      containerSpec({ worker, image: clusterImage, env: { REMUDA_WORKER_ID: worker, FIXTURE: behaviour } }),
    running: async (worker) => {
      await cluster.printed(worker, 'runs as process');
    },
    kill: (worker) => cluster.kill(worker),
    close: () => cluster.close(),
  };
}

describe.skipIf(kubeconfig === '')('on the cluster that KUBECONFIG names', () => {
  containerRuntimeContract('The Kubernetes runtime', realHarness);
});
