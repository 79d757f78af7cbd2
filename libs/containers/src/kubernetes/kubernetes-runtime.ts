import { randomBytes } from 'node:crypto';
import {
  RemudaError,
  type ContainerExit,
  type ContainerRuntime,
  type ContainerSpec,
  type SeenContainer,
} from '@remuda/domain';
import { InTurn } from '../in-turn.js';
import type { RuntimeLog } from '../runtime-log.js';
import { startFailed } from '../start-failed.js';
import type { PodSources } from './access-client.js';
import { connect, type KubernetesConnection } from './connection.js';
import { PodNewcomers } from './enrolment/pod-newcomers.js';
import { isEnrolled, label, podName } from './labels.js';
import { podEnd, type PodLimits } from './pods/pod-end.js';
import { podEnvironment, podManifest } from './pods/pod-manifest.js';
import { waitOf } from './pods/pod-wait.js';
import { openSide, type ClusterSide } from './cluster-side.js';
import type { SeenPod } from './pods/seen-pod.js';
import { workerSecret } from './worker-secret.js';

/** What a Kubernetes runtime needs to know. */
export interface KubernetesRuntimeOptions {
  /** Value of the cluster label: only pods with it are seen and touched. */
  readonly cluster: string;
  readonly connection: KubernetesConnection;
  /** What a worker may take to leave when something else than we deletes its pod, in ms: above its drain limit. */
  readonly drainMs: number;
  /** Where the pods come from: what is asked for is what that takes. Default: the scheduler makes all of them. */
  readonly sources?: PodSources;
  /** For so long, in ms, a pod that no node takes is left to the cluster's autoscaler. */
  readonly unschedulableLimitMs: number;
  /** For so long, in ms, a pod may take to leave beyond its grace, before it is taken off the books. Default 60 s. */
  readonly stuckLimitMs?: number;
  /** For so long, in ms, one container of a pod may go on when the other one has ended, before the pod is removed. Default 5 s. */
  readonly followLimitMs?: number;
  readonly log: RuntimeLog;
}

/** What `list` shows is no older than this, in ms. */
const freshMs = 5_000;
/** What the API server answered is seen in the watch within this time, in ms, or looked for. */
const seenLimitMs = 5_000;
/** For so long beyond the grace, in ms, a stop waits for the node's word that the pod is gone. */
const confirmMs = 10_000;
/**
 * A pod of a Job gets this time, in ms, to report how it ended: its node says so after its containers have ended. Below the time of one
 * try to remove a container.
 */
const phaseLimitMs = 4_000;
const notCreatedLimitMs = 30_000;

/** Workers as pods of a Kubernetes cluster. Exits that another runtime object's `stop` brought about are reported. */
export class KubernetesRuntime implements ContainerRuntime {
  readonly kind = 'kubernetes';
  readonly isolated = true;
  readonly reachesRedis = 'directly';
  readonly reachesBridge = 'by-network';
  readonly newcomers: PodNewcomers;
  readonly #inTurn = new InTurn();
  readonly #limits: PodLimits;
  #side: Promise<ClusterSide> | undefined;

  constructor(private readonly options: KubernetesRuntimeOptions) {
    this.newcomers = new PodNewcomers({ cluster: options.cluster, open: () => this.#open() });
    const { unschedulableLimitMs, stuckLimitMs = 60_000, followLimitMs = 5_000 } = options;
    this.#limits = { unschedulableLimitMs, notCreatedLimitMs, stuckLimitMs, followLimitMs };
  }

  async engineName(): Promise<string> {
    const { access } = await this.#open();
    return `kubernetes:${await access.namespaceUid()}`;
  }

  /** Checks the namespace and our rights in it. Images are had by the nodes: a missing one is the end of the first pod made from it. */
  async prepare(): Promise<void> {
    const { access } = await this.#open();
    await access.namespaceUid();
    await access.requireRights(this.options.sources ?? { made: true, enrolled: false });
  }

  /** The image's own name: what it stands for only the nodes know, and each for itself. */
  releaseOf(image: string): Promise<string> {
    return Promise.resolve(image);
  }

  start(spec: ContainerSpec): Promise<void> {
    return this.#inTurn.run(spec.worker, async () => {
      const { pods, secrets, feed } = await this.#open();
      const secret = `${podName(spec.worker)}-${randomBytes(4).toString('hex')}`;
      const graceSeconds = Math.ceil(this.options.drainMs / 1_000) + 5;
      const manifest = podManifest(spec, { cluster: this.options.cluster, secret, graceSeconds });
      let pod = await pods.create(manifest);
      if (!pod && (await this.#clearName(manifest.metadata.name))) pod = await pods.create(manifest);
      if (!pod) return;
      try {
        await secrets.create(workerSecret(secret, podEnvironment(spec), pod));
        await pods.release(pod.name);
      } catch (error) {
        // without it the pod would wait for ever; what can't be removed either is removed later, as one that is not made
        await pods.delete(pod, 1).catch(() => undefined);
        throw error;
      }
      await feed.untilSeen(pod.uid, seenLimitMs);
      this.options.log.info({ worker: spec.worker, profile: spec.profile, image: spec.image }, 'started a pod');
    });
  }

  /** Whether the name is free now: what ended or leaves under it is removed, what runs or is about to is left. */
  async #clearName(name: string): Promise<boolean> {
    const { pods } = await this.#open();
    const found = await pods.get(name);
    if (!found) return true;
    if (!this.#isOurs(found))
      throw startFailed(`The pod ${name} exists but does not belong to the cluster ${this.options.cluster}.`);
    if (this.#mayRun(found) && !found.leaving) return false;
    await this.#remove(found, found.leaving?.graceSeconds ?? 1);
    return true;
  }

  /** Rejects with `runtime.unavailable` where the pod's node does not confirm that it is gone. */
  stop(worker: string, graceMs: number): Promise<void> {
    return this.#inTurn.run(worker, async () => {
      const found = await this.#find(worker);
      if (!found || !this.#isOurs(found)) return;
      await this.#remove(found, Math.max(1, Math.ceil(graceMs / 1_000)));
      this.options.log.info({ worker }, 'stopped a pod');
    });
  }

  /** A worker's pod, by the name that ours have, or else by its label: pods that others made have their own names. */
  async #find(worker: string): Promise<SeenPod | undefined> {
    const { pods, feed } = await this.#open();
    const enrolled = (await feed.seen(Infinity)).find((pod) => isEnrolled(pod) && pod.labels[label.worker] === worker);
    return pods.get(enrolled?.name ?? podName(worker));
  }

  async #remove(pod: SeenPod, graceSeconds: number): Promise<void> {
    const { pods, feed, ends } = await this.#open();
    await feed.untilSeen(pod.uid, seenLimitMs);
    ends.letGo(pod.uid);
    // the controller of a Job counts a pod as failed if it is deleted before its phase reports how it ended
    if (isEnrolled(pod) && !pod.restarts && !pod.leaving) await feed.untilOver(pod.uid, phaseLimitMs);
    await pods.delete(pod, graceSeconds);
    if (await feed.untilGone(pod.uid, graceSeconds * 1_000 + confirmMs)) return;
    const message = `The pod ${pod.name} was told to leave, but its node has not confirmed that it did.`;
    throw new RemudaError('runtime.unavailable', message);
  }

  async list(): Promise<readonly SeenContainer[]> {
    const { feed } = await this.#open();
    const pods = await feed.seen(freshMs);
    return pods.map((pod) => {
      const wait = waitOf(pod);
      return {
        worker: pod.labels[label.worker] ?? '',
        profile: pod.labels[label.profile] ?? '',
        fingerprint: pod.labels[label.fingerprint] ?? '',
        running: this.#mayRun(pod),
        ...(wait ? { waitsFor: { reason: wait.reason, message: wait.message } } : {}),
      };
    });
  }

  async watch(onExit: (exit: ContainerExit) => void): Promise<() => Promise<void>> {
    const { feed, ends } = await this.#open();
    await feed.seen(freshMs);
    const unlisten = ends.listen(onExit);
    return () => {
      unlisten();
      return Promise.resolve();
    };
  }

  async close(): Promise<void> {
    const side = await this.#side?.catch(() => undefined);
    await side?.close();
  }

  #open(): Promise<ClusterSide> {
    const { cluster, connection, log } = this.options;
    const parts = { cluster, log, limits: this.#limits };
    // what failed once may succeed when it is asked for again
    this.#side ??= connect(connection).then(
      (kubernetes) => openSide(kubernetes, parts),
      (error: unknown) => {
        this.#side = undefined;
        throw error;
      },
    );
    return this.#side;
  }

  #isOurs({ labels }: SeenPod): boolean {
    return labels[label.cluster] === this.options.cluster;
  }

  /** Whether something of it runs, or may come to. */
  #mayRun(pod: SeenPod): boolean {
    const end = podEnd(pod, { gone: false, waitingMs: 0, leavingMs: 0, halfMs: 0 }, this.#limits);
    return end?.lingers ?? true;
  }
}
