import { annotation } from '../labels.js';
import { workerContainer } from '../container-names.js';

/** State of one container of a pod. */
export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'terminated'; readonly exitCode: number; readonly reason: string };

/** One container of a pod. */
export interface PodContainer {
  readonly name: string;
  readonly state: ContainerState;
  /** Number of its restarts. */
  readonly restarts: number;
}

/** A condition that is set on a pod: `PodScheduled`, `DisruptionTarget`, … */
export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** The parts of our pods that are used here. */
export interface SeenPod {
  readonly name: string;
  readonly uid: string;
  /** The revision of this state: higher is later. */
  readonly revision: bigint;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether its node restarts containers that have ended. */
  readonly restarts: boolean;
  readonly phase: string;
  /** The reason of its phase, if the node or the control plane names one: `Evicted`, `UnexpectedAdmissionError`, … */
  readonly reason: string;
  readonly message: string;
  /** Its grace period in seconds, once it was told to leave. */
  readonly leaving?: { readonly graceSeconds: number };
  readonly conditions: readonly PodCondition[];
  /** The containers that its node has reported; none before that. */
  readonly containers: readonly PodContainer[];
}

/** A pod in the format of the API, from the client or from a watch. */
export interface RawPod {
  readonly metadata?: {
    readonly name?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: unknown;
    readonly deletionGracePeriodSeconds?: number;
  };
  readonly spec?: { readonly restartPolicy?: string };
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
  readonly restartCount?: number;
  readonly state?: RawState;
  /** Its state before its last restart. */
  readonly lastState?: RawState;
}

interface RawState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: { readonly exitCode: number; readonly reason?: string };
}

/** Picks the parts of a pod that are used here. */
export function seenPod({ metadata = {}, spec = {}, status = {} }: RawPod): SeenPod {
  const { name = '', uid = '', resourceVersion, labels = {}, annotations = {}, deletionTimestamp } = metadata;
  const { phase = 'Pending', reason = '', message = '', conditions = [], containerStatuses = [] } = status;
  const told = deletionTimestamp !== undefined && deletionTimestamp !== null;
  const before = Number(annotations[annotation.restarts] ?? NaN);
  return {
    ...{ name, uid, revision: revisionOf(resourceVersion), labels, annotations, phase, reason, message },
    restarts: spec.restartPolicy === 'Always',
    ...(told ? { leaving: { graceSeconds: metadata.deletionGracePeriodSeconds ?? 0 } } : {}),
    conditions: conditions.map((one) => ({ type: '', status: '', reason: '', message: '', ...one })),
    containers: containerStatuses.map((one) => containerOf(one, one.name === workerContainer ? before : NaN)),
  };
}

/**
 * A container's state; for a worker that enrolled after `before` restarts, that worker's: it has ended when its
 * container was, or will be, restarted once more, and an earlier end is not its own. If `before` is NaN, both are the
 * same.
 */
function containerOf(
  { name, restartCount: restarts = 0, state, lastState }: RawContainer,
  before: number,
): PodContainer {
  const now = stateOf(state);
  const isAgain = restarts > before || (restarts === before && isBackedOff(now));
  if (isAgain) return { name, restarts, state: stateOf({ terminated: lastState?.terminated ?? unknownEnd }) };
  return { name, restarts, state: restarts < before ? { kind: 'running' } : now };
}

const unknownEnd = { exitCode: 1, reason: 'Restarted' };

const isBackedOff = (state: ContainerState): boolean => state.kind === 'waiting' && state.reason === 'CrashLoopBackOff';

/**
 * The number of restarts of a running container: its node reports an end, and the next start, some time later. Pure.
 */
export function restartsNow({ state, restarts }: PodContainer): number {
  return state.kind === 'terminated' || isBackedOff(state) ? restarts + 1 : restarts;
}

/**
 * A resource version as a number: Kubernetes 1.35 guarantees that they are comparable, and etcd has always counted
 * upwards.
 */
export function revisionOf(resourceVersion: string | undefined): bigint {
  return /^\d+$/.test(resourceVersion ?? '') ? BigInt(resourceVersion ?? 0) : 0n;
}

function stateOf({ terminated, running, waiting }: RawState = {}): ContainerState {
  if (terminated) return { kind: 'terminated', exitCode: terminated.exitCode, reason: terminated.reason ?? '' };
  if (running) return { kind: 'running' };
  return { kind: 'waiting', reason: waiting?.reason ?? '', message: waiting?.message ?? '' };
}
