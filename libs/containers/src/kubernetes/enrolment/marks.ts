import type { NewMember } from '@remuda/domain';
import { workerContainer } from '../container-names.js';
import { annotation, label } from '../labels.js';
import { restartsNow, type SeenPod } from '../pods/seen-pod.js';

/** Changes of an object, as RFC 6902 has them. */
export type JsonPatch = readonly { readonly op: 'add'; readonly path: string; readonly value: unknown }[];

/** What a ReplicaSet is told that a pod with a job costs; one without costs nothing. */
const busyCost = 1_000;

/** Has a pod that something else made be one of ours: a worker, with the labels that ours have. Pure. */
export function membership(pod: SeenPod, { worker, profile, fingerprint }: NewMember, cluster: string): JsonPatch {
  const container = pod.containers.find(({ name }) => name === workerContainer);
  const labels = {
    [label.cluster]: cluster,
    ...{ [label.worker]: worker, [label.profile]: profile, [label.fingerprint]: fingerprint },
  };
  const restarts = String(container ? restartsNow(container) : 0);
  return [...added('labels', labels), ...annotations(pod, { [annotation.restarts]: restarts })];
}

/** Says whether a pod has a job, to whoever scales in. Pure. */
export function deletionCost(pod: SeenPod, busy: boolean): JsonPatch {
  return annotations(pod, { [annotation.deletionCost]: String(busy ? busyCost : 0) });
}

/** A pod may have no annotation yet, and then no place for one. */
function annotations(pod: SeenPod, values: Readonly<Record<string, string>>): JsonPatch {
  if (Object.keys(pod.annotations).length > 0) return added('annotations', values);
  return [{ op: 'add', path: '/metadata/annotations', value: values }];
}

function added(field: 'labels' | 'annotations', values: Readonly<Record<string, string>>): JsonPatch {
  return Object.entries(values).map(([key, value]) => {
    return { op: 'add', path: `/metadata/${field}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value };
  });
}
