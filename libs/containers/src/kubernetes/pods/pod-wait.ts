import type { WaitReason } from '@remuda/domain';
import type { SeenPod } from './seen-pod.js';
import { whyUnschedulable } from './unschedulable.js';

/** What keeps a pod's program from running. */
export interface PodWait {
  readonly kind: 'unschedulable' | 'image_missing' | 'not_created';
  readonly reason: WaitReason;
  /** A sentence for people, without the full stop. */
  readonly message: string;
}

/**
 * Reasons that the kubelet reports after a failed try; it would retry for ever. The first failed pull (`ErrImagePull`)
 * is not among them.
 */
const imageReasons: readonly string[] = [
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
];

/** Reasons of waiting for something that the pod refers to and that does not exist, or that the node could not do. */
const notCreatedReasons: readonly string[] = [
  'CreateContainerConfigError',
  'CreateContainerError',
  'PreCreateHookError',
  'PreStartHookError',
  'PostStartHookError',
];

/** What a pod waits for, if that may last; undefined for a pod that runs, ended, leaves, or starts normally. Pure. */
export function waitOf({ phase, leaving, conditions, containers }: SeenPod): PodWait | undefined {
  if (phase !== 'Pending' || leaving) return undefined;
  for (const { name, state } of containers) {
    if (state.kind !== 'waiting') continue;
    const why = state.message === '' ? state.reason : `${state.reason}, ${state.message}`;
    if (imageReasons.includes(state.reason))
      return { kind: 'image_missing', reason: 'image', message: `its image is not available: ${why}` };
    if (notCreatedReasons.includes(state.reason)) return notCreated(`its container ${name} cannot be created: ${why}`);
  }
  const scheduled = conditions.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  if (scheduled.reason === 'SchedulingGated') return notCreated('its Secret does not exist yet');
  const { message } = scheduled;
  const kind = 'unschedulable';
  return { kind, reason: whyUnschedulable(message), message: `no node takes it: ${message || scheduled.reason}` };
}

const notCreated = (message: string): PodWait => ({ kind: 'not_created', reason: 'not_created', message });
