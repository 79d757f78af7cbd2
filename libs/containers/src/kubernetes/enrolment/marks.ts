import type { NewMember } from '@remuda/domain';
import { workerContainer } from '../container-names.js';
import { annotation, label } from '../labels.js';
import { restartsNow, type SeenPod } from '../pods/seen-pod.js';

/** A JSON Patch (RFC 6902). */
export type JsonPatch = readonly { readonly op: 'add'; readonly path: string; readonly value: unknown }[];

/** The pod deletion cost of a pod with a job; without one it is 0. */
const busyCost = 1_000;

/** Makes a pod that something else created one of ours: a worker with our labels. Pure. */
export function membership(pod: SeenPod, { worker, profile, fingerprint }: NewMember, cluster: string): JsonPatch {
  const container = pod.containers.find(({ name }) => name === workerContainer);
  const labels = {
    [label.cluster]: cluster,
    ...{ [label.worker]: worker, [label.profile]: profile, [label.fingerprint]: fingerprint },
  };
  const restarts = String(container ? restartsNow(container) : 0);
  return [...added('labels', labels), ...annotations(pod, { [annotation.restarts]: restarts })];
}

/** Marks whether a pod has a job, for whatever scales in. Pure. */
export function deletionCost(pod: SeenPod, busy: boolean): JsonPatch {
  return annotations(pod, { [annotation.deletionCost]: String(busy ? busyCost : 0) });
}

/** A pod may have no annotations yet; then the object must be added first. */
function annotations(pod: SeenPod, values: Readonly<Record<string, string>>): JsonPatch {
  if (Object.keys(pod.annotations).length > 0) return added('annotations', values);
  return [{ op: 'add', path: '/metadata/annotations', value: values }];
}

function added(field: 'labels' | 'annotations', values: Readonly<Record<string, string>>): JsonPatch {
  return Object.entries(values).map(([key, value]) => {
    return { op: 'add', path: `/metadata/${field}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value };
  });
}
