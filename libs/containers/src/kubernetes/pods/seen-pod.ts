/** What one container of a pod does. */
export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'terminated'; readonly exitCode: number; readonly reason: string };

/** One container of a pod. */
export interface PodContainer {
  readonly name: string;
  readonly state: ContainerState;
}

/** A condition that is set on a pod: `PodScheduled`, `DisruptionTarget`, … */
export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** A pod of ours, as far as we look at it. */
export interface SeenPod {
  readonly name: string;
  readonly uid: string;
  /** The revision of this state of it: higher is later. */
  readonly revision: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly phase: string;
  /** Why it is in its phase, where the node or the control plane says so: `Evicted`, `UnexpectedAdmissionError`, … */
  readonly reason: string;
  readonly message: string;
  /** Seconds that it is given to leave, once it was told to. */
  readonly leaving?: { readonly graceSeconds: number };
  readonly conditions: readonly PodCondition[];
  /** Those whose node has reported them; none before. */
  readonly containers: readonly PodContainer[];
}

/** A pod as the API has it, by the client or out of a watch. */
export interface RawPod {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: unknown;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly Partial<PodCondition>[];
    readonly containerStatuses?: readonly RawContainer[];
  };
}

interface RawContainer {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: object;
    readonly terminated?: { readonly exitCode: number; readonly reason?: string };
  };
}

/** Takes of a pod what we look at. */
export function seenPod({ metadata = {}, status = {} }: RawPod): SeenPod {
  const { name = '', uid = '', resourceVersion, labels = {}, deletionTimestamp } = metadata;
  const { phase = 'Pending', reason = '', message = '', conditions = [], containerStatuses = [] } = status;
  const told = deletionTimestamp !== undefined && deletionTimestamp !== null;
  return {
    ...{ name, uid, revision: revisionOf(resourceVersion), labels, phase, reason, message },
    ...(told ? { leaving: { graceSeconds: metadata.deletionGracePeriodSeconds ?? 0 } } : {}),
    conditions: conditions.map((one) => ({ type: '', status: '', reason: '', message: '', ...one })),
    containers: containerStatuses.map((one) => ({ name: one.name, state: stateOf(one) })),
  };
}

/** A resource version as a number: Kubernetes 1.35 promises that they can be compared, and etcd has always counted upwards. */
export function revisionOf(resourceVersion: string | undefined): bigint {
  return /^\d+$/.test(resourceVersion ?? '') ? BigInt(resourceVersion ?? 0) : 0n;
}

function stateOf({ state = {} }: RawContainer): ContainerState {
  const { terminated, running, waiting } = state;
  if (terminated) return { kind: 'terminated', exitCode: terminated.exitCode, reason: terminated.reason ?? '' };
  if (running) return { kind: 'running' };
  return { kind: 'waiting', reason: waiting?.reason ?? '', message: waiting?.message ?? '' };
}
