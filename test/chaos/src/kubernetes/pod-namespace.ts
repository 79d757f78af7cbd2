import { randomUUID } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  KubeConfig,
  KubernetesObjectApi,
  type V1Pod,
  type V1Status,
} from '@kubernetes/client-node';

/** A container of a worker's pod. */
export type PodPart = 'worker' | 'agent';

/** How a command in a container ended. */
interface Ended {
  readonly code: number | null;
  readonly printed: string;
}

/** A namespace of a real cluster with Pod Security `restricted`, and what a person could do to the workers' pods in it. */
export class PodNamespace {
  protected readonly core: CoreV1Api;
  readonly #exec: Exec;
  readonly #apps: AppsV1Api;
  readonly #objects: KubernetesObjectApi;

  protected constructor(
    readonly kubeconfig: string,
    readonly namespace: string,
  ) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.core = config.makeApiClient(CoreV1Api);
    this.#exec = new Exec(config);
    this.#apps = config.makeApiClient(AppsV1Api);
    this.#objects = KubernetesObjectApi.makeApiClient(config);
  }

  /** Makes one with a name of its own. */
  static async open(kubeconfig: string): Promise<PodNamespace> {
    const made = new PodNamespace(kubeconfig, nameOfItsOwn());
    await made.make();
    return made;
  }

  /** One that is there already. */
  static at(kubeconfig: string, namespace: string): PodNamespace {
    return new PodNamespace(kubeconfig, namespace);
  }

  protected async make(): Promise<void> {
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    await this.core.createNamespace({ body: plain({ metadata: { name: this.namespace, labels } }) });
  }

  async pods(): Promise<readonly V1Pod[]> {
    return (await this.core.listNamespacedPod({ namespace: this.namespace })).items;
  }

  async pod(worker: string): Promise<V1Pod> {
    return this.core.readNamespacedPod(this.#at(worker));
  }

  /** Names of the Secrets. */
  async secrets(): Promise<readonly string[]> {
    const { items } = await this.core.listNamespacedSecret({ namespace: this.namespace });
    return items.map(({ metadata }) => metadata?.name ?? '');
  }

  /** As `kubectl delete pod` does; with a grace of 0 as it does with `--force`. */
  async delete(worker: string, gracePeriodSeconds?: number): Promise<void> {
    const own = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds };
    await this.core.deleteNamespacedPod({ ...this.#at(worker), ...own });
  }

  /** As `kubectl drain` does with each pod of a node. */
  async evict(worker: string): Promise<void> {
    const { name, namespace } = this.#at(worker);
    await this.core.createNamespacedPodEviction({ name, namespace, body: plain({ metadata: { name, namespace } }) });
  }

  /** Runs a command in a container of the worker's pod, and gives all that it printed. */
  async run(worker: string, container: PodPart, command: string[]): Promise<string> {
    return (await this.ended(worker, container, command)).printed;
  }

  /** Runs a command like that, with this standard input if there is any; the code is null where the pod ended first. */
  async ended(worker: string, container: PodPart, command: string[], input?: string): Promise<Ended> {
    const output = new PassThrough();
    const printed = text(output);
    const name = await this.podOf(worker);
    const fed = input === undefined ? null : Readable.from([input]);
    const status = await new Promise<V1Status | undefined>((resolve, reject) => {
      // it may have ended before we hear that it was begun; and where its pod ends, there is no status
      const begun = this.#exec.exec(this.namespace, name, container, command, output, output, fed, false, resolve);
      begun.then((socket) => socket.on('close', () => resolve(undefined)), reject);
    });
    output.end();
    return { code: codeOf(status), printed: await printed };
  }

  /** The name of a worker's pod; another controller gives its pods names of its own. */
  async podOf(worker: string): Promise<string> {
    const pod = (await this.pods()).find(({ metadata }) => metadata?.labels?.['remuda/worker'] === worker);
    return pod?.metadata?.name ?? this.#at(worker).name;
  }

  /** Creates an object as it is written, in this namespace. */
  async create(manifest: object): Promise<void> {
    const { metadata } = manifest as { readonly metadata: object };
    await this.#objects.create(plain({ ...manifest, metadata: { ...metadata, namespace: this.namespace } }));
  }

  /** The status of an object. */
  async statusOf(apiVersion: string, kind: string, name: string): Promise<object> {
    const header = { apiVersion, kind, metadata: { name, namespace: this.namespace } };
    const { status } = (await this.#objects.read(header)) as { readonly status?: object };
    return status ?? {};
  }

  /** As `kubectl scale` does. */
  async scale(deployment: string, replicas: number): Promise<void> {
    const body = plain([{ op: 'replace', path: '/spec/replicas', value: replicas }]);
    await this.#apps.patchNamespacedDeployment({ name: deployment, namespace: this.namespace, body });
  }

  /** With all that is in it. */
  async close(): Promise<void> {
    await this.core.deleteNamespace({ name: this.namespace });
  }

  #at(worker: string): { readonly namespace: string; readonly name: string } {
    return { namespace: this.namespace, name: `remuda-${worker}` };
  }
}

/** The exit code that the API server tells when a command is over. */
function codeOf(status: V1Status | undefined): number | null {
  if (status?.status === 'Success') return 0;
  const code = status?.details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  return code === undefined ? null : Number(code);
}

/** Name of a namespace that nobody else has. */
export const nameOfItsOwn = (): string => `remuda-test-${randomUUID().slice(0, 8)}`;

/** The client wants instances of its classes, and sends what they hold. */
export const plain = (value: object): never => value as never;
