import type { SecretManifest } from './manifests.js';
import type { SeenPod } from './pods/seen-pod.js';

/**
 * The Secret with a worker's environment, including its Redis account. Its pod owns it, so that Kubernetes removes it
 * with the pod, whoever deletes that, and even if the pod is gone before the Secret is created.
 */
export function workerSecret(
  name: string,
  env: Readonly<Record<string, string>>,
  owner: Pick<SeenPod, 'name' | 'uid' | 'labels'>,
): SecretManifest {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      labels: { ...owner.labels },
      ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: owner.name, uid: owner.uid }],
    },
    type: 'Opaque',
    immutable: true,
    stringData: { ...env },
  };
}
