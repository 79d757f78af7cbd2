import { isHalf } from './pod-end.js';
import { waitOf } from './pod-wait.js';
import type { SeenPod } from './seen-pod.js';

/**
 * Since when a pod has been in its state, by the monotonic clock in ms: the clocks of the cluster's machines are not
 * used.
 */
export interface PodSince {
  /** It waits for the same kind of thing. */
  readonly waiting: number;
  readonly leaving: number;
  /** One of its containers has ended, and another one has not. */
  readonly half: number;
  /** What it waits for; undefined if that will not last. */
  readonly waitsFor?: string;
  readonly kind?: string;
}

/** The times of a pod after another look at it. Pure. */
export function lookAt(pod: SeenPod, before: PodSince | undefined, now: number): PodSince {
  const wait = waitOf(pod);
  const leaving = pod.leaving ? Math.min(before?.leaving ?? Infinity, now) : Infinity;
  const half = isHalf(pod) ? Math.min(before?.half ?? Infinity, now) : Infinity;
  if (!wait) return { waiting: now, leaving, half };
  const waiting = before?.kind === wait.kind ? before.waiting : now;
  return { waiting, leaving, half, waitsFor: wait.message, kind: wait.kind };
}
