import { createHash } from 'node:crypto';
import { RemudaError, type NewMember, type Newcomer, type Newcomers } from '@remuda/domain';
import type { ClusterSide } from '../cluster-side.js';
import { isEnrolled, label } from '../labels.js';
import { deletionCost, membership } from './marks.js';
import { podEnvironment } from '../pods/pod-manifest.js';
import type { SeenPod } from '../pods/seen-pod.js';

/** Dependencies of enrolling pods. */
export interface PodNewcomersParts {
  /** The cluster that they join. */
  readonly cluster: string;
  readonly open: () => Promise<Pick<ClusterSide, 'pods' | 'tokens' | 'feed' | 'namespace'>>;
}

/** Within this time, in ms, the API server's answer appears in the watch; then it is requested. */
const seenLimitMs = 5_000;

/**
 * Pods that something else creates. Each is one worker and never another: when the worker has ended, so has the pod.
 */
export class PodNewcomers implements Newcomers {
  /** Pods by their future worker, between the two calls of an enrolment. */
  readonly #identified = new Map<string, SeenPod>();

  constructor(private readonly parts: PodNewcomersParts) {}

  async identify(token: string): Promise<Newcomer> {
    const { tokens, pods, namespace } = await this.parts.open();
    const claims = await tokens.review(token);
    if (claims.namespace !== namespace)
      throw refused(`it belongs to the namespace ${claims.namespace}, but workers are in ${namespace}`);
    const pod = await pods.get(claims.pod.name);
    if (pod?.uid !== claims.pod.uid) throw refused('its pod is gone');
    if (pod.leaving) throw refused('its pod is being deleted');
    const worker = workerOf(pod);
    this.#identified.set(worker, pod);
    return { worker, name: pod.name, serviceAccount: claims.serviceAccount, isKnown: label.worker in pod.labels };
  }

  async admit(member: NewMember): Promise<Readonly<Record<string, string>>> {
    const { pods, feed } = await this.parts.open();
    const pod = this.#identified.get(member.worker);
    this.#identified.delete(member.worker);
    const marked = pod && (await pods.mark(pod, membership(pod, member, this.parts.cluster)));
    if (!marked) throw refused('its pod is gone');
    await feed.untilSeen(marked.uid, seenLimitMs);
    return podEnvironment({ env: {} });
  }

  async mark(worker: string, busy: boolean): Promise<void> {
    const { pods, feed } = await this.parts.open();
    const pod = (await feed.seen(Infinity)).find((one) => one.labels[label.worker] === worker);
    if (pod && isEnrolled(pod)) await pods.mark(pod, deletionCost(pod, busy));
  }
}

/** The worker id of a pod: its name, for people, and its uid, since a name may be used again. Pure. */
function workerOf({ name, uid }: SeenPod): string {
  const readable = name.replaceAll(/[^a-z0-9-]/g, '-').slice(-44);
  return `e-${readable}-${createHash('sha256').update(uid).digest('hex').slice(0, 12)}`;
}

const refused = (why: string): RemudaError => new RemudaError('enrolment.refused', `The token was refused: ${why}.`);
