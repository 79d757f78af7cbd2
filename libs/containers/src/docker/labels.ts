/** The labels by which our containers are found. Nothing else identifies them. */
export const label = {
  /** The cluster that it belongs to. */
  cluster: 'io.remuda.cluster',
  worker: 'io.remuda.worker',
  profile: 'io.remuda.profile',
  /** Fingerprint of the profile it was made from. */
  fingerprint: 'io.remuda.fingerprint',
} as const;

/** The name of a worker's container: what `docker ps` shows. */
export function containerName(worker: string): string {
  return `remuda-${worker}`;
}
