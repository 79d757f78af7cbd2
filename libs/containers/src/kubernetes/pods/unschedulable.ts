import type { WaitReason } from '@remuda/domain';

/** Words of Kubernetes' scheduler, and what they are about; the first that fits counts. */
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
 * What a message of Kubernetes' scheduler is about. It counts the nodes by their reasons: what a further node like them
 * helps against comes first, since an autoscaler adds it. Pure.
 */
export function whyUnschedulable(message: string): WaitReason {
  // what follows tells why evicting other pods would not help, in the same words
  const [nodes = ''] = message.split(' preemption:');
  return words.find(([word]) => word.test(nodes))?.[1] ?? 'unschedulable';
}
