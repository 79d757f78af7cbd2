/** The labels by which our pods are found. Nothing else identifies them. */
export const label = {
  /** The cluster that it belongs to: that of Remuda, not of Kubernetes. */
  cluster: 'remuda/cluster',
  worker: 'remuda/worker',
  profile: 'remuda/profile',
  /** Fingerprint of the profile it was made from. */
  fingerprint: 'remuda/fingerprint',
} as const;

/** Annotations of pods that something else made, and that enrolled. */
export const annotation = {
  /** How often the worker's container had been started again when it enrolled. */
  restarts: 'remuda/restarts',
  /** Which pods of a ReplicaSet are taken first when it's scaled in: those with the lowest. */
  deletionCost: 'controller.kubernetes.io/pod-deletion-cost',
} as const;

/** Whether something else made a pod, and it enrolled. */
export function isEnrolled({ annotations }: { readonly annotations: Readonly<Record<string, string>> }): boolean {
  return annotation.restarts in annotations;
}

/** Label by which network policies and people select workers. */
export const commonLabels = {
  'app.kubernetes.io/name': 'worker',
  'app.kubernetes.io/part-of': 'remuda',
  'app.kubernetes.io/managed-by': 'remuda-scheduler',
} as const;

/** The name of a worker's pod: what `kubectl get pods` shows. */
export function podName(worker: string): string {
  return `remuda-${worker}`;
}

/** Selects the pods of a cluster. */
export function clusterSelector(cluster: string): string {
  return `${label.cluster}=${cluster}`;
}
