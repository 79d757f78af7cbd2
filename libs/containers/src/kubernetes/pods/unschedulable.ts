import type { WaitReason } from '@remuda/domain';

/** Phrases of Kubernetes' scheduler and their meaning; the first match counts. */
const words: readonly (readonly [RegExp, WaitReason])[] = [
  [/Insufficient cpu/, 'cpu'],
  [/Insufficient memory/, 'memory'],
  [/Insufficient ephemeral-storage/, 'storage'],
  [/Too many pods/, 'pods'],
  [/Insufficient /, 'resource'],
  [/persistentvolumeclaim|PersistentVolumeClaim|volume/i, 'volume'],
  [/didn't match|didn't satisfy|anti-affinity|topology spread/, 'placement'],
  [/taint|were unschedulable/, 'taint'],
];

/**
 * What a message of Kubernetes' scheduler is about. It counts nodes by reason: reasons that another node of the same
 * kind would solve come first, since an autoscaler adds it. Pure.
 */
export function whyUnschedulable(message: string): WaitReason {
  // the rest says, in the same words, why evicting other pods would not help
  const [nodes = ''] = message.split(' preemption:');
  return words.find(([word]) => word.test(nodes))?.[1] ?? 'unschedulable';
}
