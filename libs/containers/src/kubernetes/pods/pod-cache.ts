import type { PodEvent } from './pod-watch-client.js';
import type { PodList } from './pod-client.js';
import type { SeenPod } from './seen-pod.js';

/** A change of a pod. */
export interface PodChange {
  /** `found`: it existed before the first look. */
  readonly kind: 'found' | 'seen' | 'gone';
  /** Its current or last state. */
  readonly pod: SeenPod;
}

/** Number of deleted pods that are remembered: a list from before the deletion may still contain one. */
const goneKept = 2_000;

/**
 * The pods as lists and watches have reported them. Either may lag behind the other: a state older than the known one
 * is ignored, and a deleted pod does not come back, since another pod of its name has its own uid.
 */
export class PodCache {
  readonly #pods = new Map<string, SeenPod>();
  readonly #gone = new Set<string>();
  #isFirst = true;

  get pods(): readonly SeenPod[] {
    return [...this.#pods.values()];
  }

  get(uid: string): SeenPod | undefined {
    return this.#pods.get(uid);
  }

  has(uid: string): boolean {
    return this.#pods.has(uid);
  }

  /** Whether the pod existed and is gone. */
  isGone(uid: string): boolean {
    return this.#gone.has(uid);
  }

  /** Applies a list; returns what changed. */
  list({ pods, revision }: Pick<PodList, 'pods' | 'revision'>): readonly PodChange[] {
    const listed = new Set(pods.map(({ uid }) => uid));
    const left = this.pods.filter((pod) => !listed.has(pod.uid) && pod.revision <= revision);
    const kind = this.#isFirst ? 'found' : 'seen';
    this.#isFirst = false;
    return [...pods.flatMap((pod) => this.#see(pod, kind)), ...left.flatMap((pod) => this.#leave(pod))];
  }

  /** Applies an event of a watch; returns what changed. */
  hear(event: Exclude<PodEvent, { kind: 'bookmark' }>): readonly PodChange[] {
    return event.kind === 'gone' ? this.#leave(event.pod) : this.#see(event.pod);
  }

  #see(pod: SeenPod, kind: 'found' | 'seen' = 'seen'): readonly PodChange[] {
    const known = this.#pods.get(pod.uid);
    if (this.#gone.has(pod.uid) || (known && known.revision >= pod.revision)) return [];
    this.#pods.set(pod.uid, pod);
    return [{ kind, pod }];
  }

  #leave(pod: SeenPod): readonly PodChange[] {
    const wasThere = this.#pods.delete(pod.uid);
    this.#gone.add(pod.uid);
    for (const oldest of this.#gone) {
      if (this.#gone.size <= goneKept) break;
      this.#gone.delete(oldest);
    }
    return wasThere ? [{ kind: 'gone', pod }] : [];
  }
}
