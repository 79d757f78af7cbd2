import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { CoreV1Api, Exec, KubeConfig } from '@kubernetes/client-node';
import { KubernetesRuntime, type KubernetesRuntimeOptions } from '@remuda/containers';
import type { Json } from '../../kubernetes-api/object-store.js';
import { silent } from './silent.js';

/** Image with the fixture as its worker; the cluster has it, or can pull it. */
export const clusterImage = process.env['KUBERNETES_TEST_IMAGE'] ?? 'remuda-fixture-worker:test';

/** The worker's own image; the cluster has it, or can pull it. */
export const workerImage = process.env['KUBERNETES_TEST_WORKER_IMAGE'] ?? 'remuda-worker:latest';

/** The cluster that `KUBECONFIG` names, when it's asked for by `npm run test:kubernetes`; tests that need one are skipped without. */
export const kubeconfig = process.env['REMUDA_TEST_KUBERNETES'] === '1' ? (process.env['KUBECONFIG'] ?? '') : '';

/** A namespace of a test's own on a real cluster, with Pod Security `restricted` enforced. */
export class RealCluster {
  readonly #core: CoreV1Api;
  readonly #exec: Exec;

  private constructor(
    config: KubeConfig,
    readonly namespace: string,
  ) {
    this.#core = config.makeApiClient(CoreV1Api);
    this.#exec = new Exec(config);
  }

  static async open(): Promise<RealCluster> {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const cluster = new RealCluster(config, `remuda-test-${randomUUID().slice(0, 8)}`);
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await cluster.#core.createNamespace({ body: plain({ metadata: { name: cluster.namespace, labels } }) });
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
      const log = await this.#core
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

  /** Runs a command in a container of the worker's pod, and gives all that it printed. */
  async run(worker: string, container: 'worker' | 'agent', command: string[]): Promise<string> {
    const output = new PassThrough();
    const printed = text(output);
    const pod = `remuda-${worker}`;
    const socket = await this.#exec.exec(this.namespace, pod, container, command, output, output, null, false);
    await new Promise((resolve) => socket.on('close', resolve));
    output.end();
    return printed;
  }

  async pod(worker: string): Promise<object> {
    return this.#core.readNamespacedPod(this.#at(worker));
  }

  /** As `kubectl delete pod` does. */
  async delete(worker: string): Promise<void> {
    await this.#core.deleteNamespacedPod(this.#at(worker));
  }

  /** As `kubectl drain` does with each pod of a node. */
  async evict(worker: string): Promise<void> {
    const { name, namespace } = this.#at(worker);
    await this.#core.createNamespacedPodEviction({ name, namespace, body: plain({ metadata: { name, namespace } }) });
  }

  /** Allows so many pods in the namespace; undefined: as many as there may be. Resolves when it holds. */
  async quota(pods: number | undefined): Promise<void> {
    const at = { namespace: this.namespace, name: 'pods' };
    if (pods === undefined) {
      await this.#core.deleteNamespacedResourceQuota(at);
      return;
    }
    const hard = { pods: String(pods) };
    await this.#core.createNamespacedResourceQuota({
      namespace: this.namespace,
      body: plain({ metadata: { name: 'pods' }, spec: { hard } }),
    });
    while ((await this.#core.readNamespacedResourceQuota(at)).status?.used?.['pods'] === undefined) await sleep(50);
  }

  #at(worker: string): { readonly namespace: string; readonly name: string } {
    return { namespace: this.namespace, name: `remuda-${worker}` };
  }

  /** Secrets of the namespace that are Remuda's. */
  async secrets(): Promise<readonly string[]> {
    const { items } = await this.#core.listNamespacedSecret({ namespace: this.namespace });
    return items.map(({ metadata }) => metadata?.name ?? '');
  }

  async close(): Promise<void> {
    await this.#core.deleteNamespace({ name: this.namespace });
  }
}

/** The client wants instances of its classes, and sends what they hold. */
const plain = (value: object): Json => value;
