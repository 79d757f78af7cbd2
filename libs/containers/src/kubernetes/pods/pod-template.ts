import type { PodTemplate, PodVolume } from '@remuda/domain';
import type { ContainerManifest, PodManifest, PodSpec } from '../manifests.js';

/**
 * Adds a profile's template to a pod; its volumes are mounted only where jobs run. Our own fields stay as they are: a
 * template adds, and removes nothing. Pure.
 */
export function withTemplate(manifest: PodManifest, template: PodTemplate, jobContainer: string): PodManifest {
  const { nodeSelector, tolerations = [], annotations = {}, volumes = [], ...named } = template;
  const { metadata, spec } = manifest;
  return {
    ...manifest,
    metadata: { ...metadata, annotations: { ...metadata.annotations, ...annotations } },
    spec: {
      ...spec,
      ...named,
      ...(nodeSelector ? { nodeSelector: { ...nodeSelector } } : {}),
      tolerations: [...(spec.tolerations ?? []), ...tolerations],
      volumes: [...(spec.volumes ?? []), ...volumes.map(volume)],
      containers: spec.containers.map((one) => (one.name === jobContainer ? mounted(one, volumes) : one)),
    },
  };
}

function volume({ name, from }: PodVolume): NonNullable<PodSpec['volumes']>[number] {
  if ('configMap' in from) return { name, configMap: { name: from.configMap } };
  return { name, persistentVolumeClaim: { claimName: from.persistentVolumeClaim } };
}

function mounted(container: ContainerManifest, volumes: readonly PodVolume[]): ContainerManifest {
  const mounts = volumes.map(({ name, mountPath, readOnly = true }) => ({ name, mountPath, readOnly }));
  return { ...container, volumeMounts: [...(container.volumeMounts ?? []), ...mounts] };
}
