import { annotation } from '../labels.js';
import { workerContainer } from '../container-names.js';

/** What one container of a pod does. */
export type ContainerState =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message: string }
  | { readonly kind: 'running' }
  | { readonly kind: 'terminated'; readonly exitCode: number; readonly reason: string };

/** One container of a pod. */
export interface PodContainer {
  readonly name: string;
  readonly state: ContainerState;
  /** How often it was started again. */
  readonly restarts: number;
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
  readonly annotations: Readonly<Record<string, string>>;
  /** Whether its node starts a container again that has ended. */
  readonly restarts: boolean;
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
  /** How it was before it was started again. */
  readonly lastState?: RawState;
}

interface RawState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: object;
  readonly terminated?: { readonly exitCode: number; readonly reason?: string };
}

/** Takes of a pod what we look at. */
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
 * A container as it is, or, of a worker that enrolled after so many starts, as that worker is: it has ended when its container was, or is
 * to be, started once more, and an end before it is none of its own. Where `before` is NaN both are the same.
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

/** How often a container was started anew that runs now: its node tells of an end and of the next start some time after. Pure. */
export function restartsNow({ state, restarts }: PodContainer): number {
  return state.kind === 'terminated' || isBackedOff(state) ? restarts + 1 : restarts;
}

/** A resource version as a number: Kubernetes 1.35 promises that they can be compared, and etcd has always counted upwards. */
export function revisionOf(resourceVersion: string | undefined): bigint {
  return /^\d+$/.test(resourceVersion ?? '') ? BigInt(resourceVersion ?? 0) : 0n;
}

function stateOf({ terminated, running, waiting }: RawState = {}): ContainerState {
  if (terminated) return { kind: 'terminated', exitCode: terminated.exitCode, reason: terminated.reason ?? '' };
  if (running) return { kind: 'running' };
  return { kind: 'waiting', reason: waiting?.reason ?? '', message: waiting?.message ?? '' };
}
