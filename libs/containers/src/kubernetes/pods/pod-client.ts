import type { ErrorCode } from '@remuda/domain';
import { lastLines } from '../../last-lines.js';
import type { RuntimeLog } from '../../runtime-log.js';
import { callApi } from '../api-call.js';
import { httpStatus, statusOf, type Asked } from '../api-fault.js';
import type { Kubernetes } from '../connection.js';
import type { JsonPatch } from '../enrolment/marks.js';
import type { DeleteOptions, PodManifest } from '../manifests.js';
import { revisionOf, seenPod, type SeenPod } from './seen-pod.js';

/** A list of pods, and its revision. */
export interface PodList {
  readonly pods: readonly SeenPod[];
  readonly revision: bigint;
  /** The same, in the form that the API server expects. */
  readonly resourceVersion: string;
}

/** Pods of one namespace: each method makes one call, logs it, and translates known refusals. */
export class PodClient {
  constructor(
    private readonly kubernetes: Kubernetes,
    private readonly log: RuntimeLog,
  ) {}

  /** Creates a pod; undefined if there is one of that name. Rejects with `container.start_failed`. */
  async create(manifest: PodManifest): Promise<SeenPod | undefined> {
    const { name } = manifest.metadata;
    this.log.debug({ pod: name }, 'creating a pod');
    const made = this.#call('create', 'container.start_failed', ({ core, namespace }) =>
      core.createNamespacedPod({ namespace, body: manifest }),
    );
    const pod = await unless(httpStatus.conflict, made);
    return pod && seenPod(pod);
  }

  /** Lets Kubernetes schedule a pod. Rejects with `container.start_failed`. */
  async release(name: string): Promise<void> {
    const body = [{ op: 'remove', path: '/spec/schedulingGates' }];
    await this.#call('patch', 'container.start_failed', ({ core, namespace }) =>
      core.patchNamespacedPod({ namespace, name, body }),
    );
  }

  /** Patches a pod; undefined if it is gone, or another one has its name. Rejects with `runtime.unavailable`. */
  async mark({ name, uid }: Pick<SeenPod, 'name' | 'uid'>, changes: JsonPatch): Promise<SeenPod | undefined> {
    const body = [{ op: 'test', path: '/metadata/uid', value: uid }, ...changes];
    const marked = this.#call('patch', 'runtime.unavailable', ({ core, namespace }) =>
      core.patchNamespacedPod({ namespace, name, body }),
    );
    const pod = await unless(httpStatus.invalid, unless(httpStatus.notFound, marked));
    return pod && seenPod(pod);
  }

  /** The pod of that name; undefined if there is none. Rejects with `runtime.unavailable`. */
  async get(name: string): Promise<SeenPod | undefined> {
    const read = this.#call('get', 'runtime.unavailable', ({ core, namespace }) =>
      core.readNamespacedPod({ namespace, name }),
    );
    const pod = await unless(httpStatus.notFound, read);
    return pod && seenPod(pod);
  }

  /** Every pod that the labels select, current. Rejects with `runtime.unavailable`. */
  async list(labelSelector: string): Promise<PodList> {
    const { items, metadata } = await this.#call('list', 'runtime.unavailable', ({ core, namespace }) =>
      core.listNamespacedPod({ namespace, labelSelector }),
    );
    const resourceVersion = metadata?.resourceVersion ?? '';
    const revision = revisionOf(resourceVersion);
    return { pods: items.map(seenPod), revision, resourceVersion };
  }

  /**
   * Tells a pod to leave: its programs get SIGTERM, and SIGKILL after the grace period (a second is the minimum that
   * its node confirms). With a grace period of 0 it is deleted without its node's confirmation. Ignores a pod that is
   * gone, or another one of the same name. Rejects with `runtime.unavailable`.
   */
  async delete({ name, uid }: Pick<SeenPod, 'name' | 'uid'>, graceSeconds: number): Promise<void> {
    this.log.debug({ pod: name, graceSeconds }, 'deleting a pod');
    const options: DeleteOptions = {
      gracePeriodSeconds: graceSeconds,
      preconditions: { uid },
      propagationPolicy: 'Background',
    };
    const told = this.#call('delete', 'runtime.unavailable', ({ core, namespace }) =>
      core.deleteNamespacedPod({ namespace, name, body: options }),
    );
    await unless(httpStatus.conflict, unless(httpStatus.notFound, told));
  }

  /** The last lines of a container of the pod; none if it is gone, or its node does not provide them. */
  async lastLines(name: string, container: string, count: number): Promise<readonly string[]> {
    try {
      const { core, namespace } = this.kubernetes;
      const text = await core.readNamespacedPodLog({ namespace, name, container, tailLines: count });
      return lastLines(text, count);
    } catch (error) {
      this.log.debug({ pod: name, err: error }, 'the last lines of a pod are not available');
      return [];
    }
  }

  async #call<T>(verb: Asked['verb'], code: ErrorCode, act: (kubernetes: Kubernetes) => Promise<T>): Promise<T> {
    const asked = { verb, resource: 'pods', namespace: this.kubernetes.namespace };
    return callApi({ asked, code, act: () => act(this.kubernetes) }, this.log);
  }
}

/** Awaits a call that may fail with this status, which means that there is nothing to do. */
async function unless<T>(status: number, call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (statusOf((error as { cause?: unknown }).cause) === status) return undefined;
    throw error;
  }
}
