import type { SeenPod } from './pods/seen-pod.js';

/** Why a pod was ended by something other than its own program or us. */
export interface Disruption {
  readonly reason: 'evicted' | 'preempted' | 'drained' | 'node_shutdown' | 'node_lost';
  /** A sentence for a person, without its full stop. */
  readonly message: string;
}

const evicted: Disruption = {
  reason: 'evicted',
  message: 'its node evicted it because memory, disk or process ids ran out',
};

/** By the reason in the pod's status, which its node or the control plane sets. */
const byStatus: Readonly<Record<string, Disruption>> = {
  Evicted: evicted,
  Preempting: { reason: 'preempted', message: 'its node preempted it for a pod of higher priority' },
  NodeShutdown: { reason: 'node_shutdown', message: 'its node was shut down' },
  Terminated: { reason: 'node_shutdown', message: 'its node was shut down' },
  Shutdown: { reason: 'node_shutdown', message: 'its node was shut down' },
  NodeLost: { reason: 'node_lost', message: 'its node is gone or does not answer' },
};

/** By the reason of the condition `DisruptionTarget`. */
const byCondition: Readonly<Record<string, Disruption>> = {
  PreemptionByScheduler: { reason: 'preempted', message: 'it was preempted by a pod of higher priority' },
  DeletionByTaintManager: { reason: 'node_lost', message: 'its node does not answer, or may not keep it' },
  DeletionByPodGC: { reason: 'node_lost', message: 'its node is gone' },
  EvictionByEvictionAPI: { reason: 'drained', message: 'it was evicted, as when its node is drained' },
  TerminationByKubelet: evicted,
};

/** What disrupted a pod; undefined if nothing did. Pure. */
export function disruptionOf({ reason, message, conditions }: SeenPod): Disruption | undefined {
  const target = conditions.find(({ type, status }) => type === 'DisruptionTarget' && status === 'True');
  const known = byStatus[reason] ?? (target && byCondition[target.reason]);
  const detail = message || (target?.message ?? '');
  return known && (detail === '' ? known : { ...known, message: `${known.message}: ${trimmed(detail)}` });
}

const trimmed = (text: string): string => text.trim().replace(/\.$/, '');
