import type { PodEvent } from './pod-watch-client.js';
import type { PodList } from './pod-client.js';
import type { SeenPod } from './seen-pod.js';

/** Something that became different. */
export interface PodChange {
  /** `found`: it was there before we looked for the first time. */
  readonly kind: 'found' | 'seen' | 'gone';
  /** As it is now, or was last. */
  readonly pod: SeenPod;
}

/** So many pods that are gone are kept in mind: a list that is older than the end of one may still show it. */
const goneKept = 2_000;

/**
 * The pods as lists and watches have shown them. Either may be behind the other: what is older than what is known of a pod counts
 * for nothing, and a pod that is gone does not come back, since another one of its name has a uid of its own.
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

  /** Whether the pod was there and is gone. */
  isGone(uid: string): boolean {
    return this.#gone.has(uid);
  }

  /** Takes over a list; gives what changed. */
  list({ pods, revision }: Pick<PodList, 'pods' | 'revision'>): readonly PodChange[] {
    const listed = new Set(pods.map(({ uid }) => uid));
    const left = this.pods.filter((pod) => !listed.has(pod.uid) && pod.revision <= revision);
    const kind = this.#isFirst ? 'found' : 'seen';
    this.#isFirst = false;
    return [...pods.flatMap((pod) => this.#see(pod, kind)), ...left.flatMap((pod) => this.#leave(pod))];
  }

  /** Takes over an event of a watch; gives what changed. */
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
