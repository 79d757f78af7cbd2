import { setTimeout as sleep } from 'node:timers/promises';
import { KubernetesRuntime, type KubernetesRuntimeOptions } from '@remuda/containers';
import { nameOfItsOwn, plain, PodNamespace } from '../../chaos/src/kubernetes/pod-namespace.js';
import { silent } from './silent.js';

/** Image with the fixture as its worker; the cluster has it, or can pull it. */
export const clusterImage = process.env['KUBERNETES_TEST_IMAGE'] ?? 'remuda-fixture-worker:test';

/** The worker's own image; the cluster has it, or can pull it. */
export const workerImage = process.env['KUBERNETES_TEST_WORKER_IMAGE'] ?? 'remuda-worker:latest';

/** The cluster that `KUBECONFIG` names, when it's asked for by `npm run test:kubernetes`; tests that need one are skipped without. */
export const kubeconfig = process.env['REMUDA_TEST_KUBERNETES'] === '1' ? (process.env['KUBECONFIG'] ?? '') : '';

/** A namespace of a test's own on that cluster, and runtimes whose pods are in it. */
export class RealCluster extends PodNamespace {
  static override async open(): Promise<RealCluster> {
    const cluster = new RealCluster(kubeconfig, nameOfItsOwn());
    await cluster.make();
    return cluster;
  }

  runtime(
    cluster: string,
    own: Partial<KubernetesRuntimeOptions> & { readonly namespace?: string } = {},
  ): KubernetesRuntime {
    const connection = { kubeconfig, namespace: own.namespace ?? this.namespace };
    const usual = { drainMs: 10_000, unschedulableLimitMs: 60_000, log: silent };
    return new KubernetesRuntime({ cluster, connection, ...usual, ...own });
  }

  /** Resolves with what the worker has printed, once the text is in it. Kubernetes has no event for it: it is asked often. */
  async printed(worker: string, text: string): Promise<string> {
    for (;;) {
      const log = await this.core
        .readNamespacedPodLog({ namespace: this.namespace, name: `remuda-${worker}`, container: 'worker' })
        .catch(() => '');
      if (log.includes(text)) return log;
      await sleep(50);
    }
  }

  /** Sends SIGKILL to the worker's program, which is a child of its container's first process. */
  async kill(worker: string): Promise<void> {
    const log = await this.printed(worker, 'runs as process');
    const pid = /runs as process (\d+)/.exec(log)?.[1] ?? '';
    await this.run(worker, 'worker', ['node', '-e', `process.kill(${pid}, 'SIGKILL')`]);
  }

  /** Allows so many pods in the namespace; undefined: as many as there may be. Resolves when it holds. */
  async quota(pods: number | undefined): Promise<void> {
    const at = { namespace: this.namespace, name: 'pods' };
    if (pods === undefined) {
      await this.core.deleteNamespacedResourceQuota(at);
      return;
    }
    const hard = { pods: String(pods) };
    await this.core.createNamespacedResourceQuota({
      namespace: this.namespace,
      body: plain({ metadata: { name: 'pods' }, spec: { hard } }),
    });
    while ((await this.core.readNamespacedResourceQuota(at)).status?.used?.['pods'] === undefined) await sleep(50);
  }
}
