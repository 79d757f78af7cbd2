import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { ApiServer } from './api-server.js';
import type { StoredChange, StoredObject } from './object-store.js';

/** A pod that runs. */
interface Running {
  readonly child: ChildProcess;
  grace?: NodeJS.Timeout;
}

/** How a node differs from one that runs whatever it is given. */
export interface NodeOptions {
  /** What stands for every image: a program for Node. */
  readonly program: string;
  /** Images that can't be had. */
  readonly missing?: readonly string[];
}

/**
 * Stands in for a cluster's scheduler and its one node: runs a pod's worker as a process of this machine, and says how it goes. Other
 * containers are said to begin and end with it.
 */
export class NodeStandIn {
  readonly #running = new Map<string, Running>();
  readonly #logs = new Map<string, string>();
  readonly #prints = new EventEmitter().setMaxListeners(0);
  readonly #unfollow: (() => void) | undefined;
  /** Whether it takes pods, and hears that they are to leave. */
  #answers = true;

  constructor(
    private readonly api: ApiServer,
    private readonly options: NodeOptions,
  ) {
    api.logOf = ({ metadata }) => this.#logs.get(metadata.uid) ?? '';
    api.onDelete = (pod, graceSeconds) => {
      this.#leave(pod, graceSeconds);
    };
    this.#unfollow = api.store.follow(api.store.revision, (change) => {
      // A node hears of things after they are answered.
      setImmediate(() => {
        this.#hear(change);
      });
    });
  }

  /** Loses touch: takes nothing more, and lets nothing leave. */
  silence(): void {
    this.#answers = false;
  }

  /** Resolves when the pod has printed the text. */
  async printed({ metadata: { uid } }: StoredObject, text: string): Promise<void> {
    while (!this.#logs.get(uid)?.includes(text)) await once(this.#prints, uid);
  }

  /** SIGKILL from outside. */
  kill(pod: StoredObject): void {
    this.#running.get(pod.metadata.uid)?.child.kill('SIGKILL');
  }

  close(): void {
    this.#unfollow?.();
    for (const { child, grace } of this.#running.values()) {
      clearTimeout(grace);
      child.kill('SIGKILL');
    }
  }

  /** A pod with gates waits for them to go. */
  #hear({ type, object }: StoredChange): void {
    if (!this.#answers || type === 'DELETED') return;
    const { namespace } = object.metadata;
    const { nodeName, schedulingGates } = object['spec'] ?? {};
    if (object.kind === 'Pod' && nodeName === undefined && schedulingGates === undefined) this.#place(object);
    for (const pod of this.api.store.of('Pod', namespace))
      if (pod['spec'].nodeName !== undefined && pod['status'].phase === 'Pending') this.#run(pod);
  }

  #place(pod: StoredObject): void {
    pod['spec'].nodeName = 'node-1';
    const conditions = [{ type: 'PodScheduled', status: 'True' }];
    this.api.store.change(pod, { status: { conditions } });
  }

  #run(pod: StoredObject): void {
    const { uid, namespace } = pod.metadata;
    if (this.#running.has(uid) || pod.metadata.deletionTimestamp !== undefined) return;
    // the worker, which is the first
    const [container] = pod['spec'].containers;
    if (this.options.missing?.includes(container.image as string)) {
      this.#waits(pod, 'ImagePullBackOff', `Back-off pulling image "${String(container.image)}"`);
      return;
    }
    const secret = this.api.store.get('Secret', namespace, container.envFrom[0].secretRef.name as string);
    if (!secret) {
      this.#waits(pod, 'CreateContainerConfigError', 'secret not found');
      return;
    }
    const env = secret['stringData'] as NodeJS.ProcessEnv;
    const child = spawn(process.execPath, [this.options.program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.set(uid, { child });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => {
        this.#logs.set(uid, (this.#logs.get(uid) ?? '') + String(text));
        this.#prints.emit(uid);
      });
    this.#says(pod, 'Running', { running: {} });
    child.on('close', (code, signal) => {
      this.#ended(pod, code ?? { SIGTERM: 143, SIGKILL: 137 }[signal as 'SIGTERM' | 'SIGKILL']);
    });
  }

  #ended(pod: StoredObject, exitCode: number): void {
    clearTimeout(this.#running.get(pod.metadata.uid)?.grace);
    this.#running.delete(pod.metadata.uid);
    const reason = exitCode === 0 ? 'Completed' : 'Error';
    const now = this.#says(pod, exitCode === 0 ? 'Succeeded' : 'Failed', { terminated: { exitCode, reason } });
    if (now?.metadata.deletionTimestamp !== undefined && this.#answers) this.api.store.remove(now);
  }

  #leave({ metadata }: StoredObject, graceSeconds: number): void {
    const running = this.#running.get(metadata.uid);
    if (!this.#answers) return;
    if (!running) {
      const pod = this.api.store.get('Pod', metadata.namespace, metadata.name);
      if (pod) this.api.store.remove(pod);
      return;
    }
    clearTimeout(running.grace);
    running.child.kill(graceSeconds === 0 ? 'SIGKILL' : 'SIGTERM');
    running.grace = setTimeout(() => running.child.kill('SIGKILL'), graceSeconds * 1_000);
  }

  #waits(pod: StoredObject, reason: string, message: string): void {
    this.#says(pod, 'Pending', { waiting: { reason, message } });
  }

  #says(pod: StoredObject, phase: string, state: object): StoredObject | undefined {
    const others = 'terminated' in state ? { terminated: { exitCode: 0, reason: 'Completed' } } : state;
    const names = (pod['spec'].containers as readonly { readonly name: string }[]).map(({ name }) => name);
    const containerStatuses = names.toSorted().map((name) => ({ name, state: name === 'worker' ? state : others }));
    return this.api.store.change(pod, { status: { phase, containerStatuses } });
  }
}
