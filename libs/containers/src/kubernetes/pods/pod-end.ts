import { diedOfMemory, exitReason } from '../../exit-reason.js';
import { disruptionOf } from '../disruption.js';
import { workerContainer } from '../container-names.js';
import type { PodContainer, SeenPod } from './seen-pod.js';
import { waitOf } from './pod-wait.js';

/** Every way in which a worker's pod ends. `docs/runbook.md` says what to do about each. */
export const podEndReasons = [
  'exited',
  'out_of_memory',
  'evicted',
  'preempted',
  'drained',
  'node_shutdown',
  'node_lost',
  'refused_by_node',
  'image_missing',
  'not_created',
  'unschedulable',
  'deleted',
  'stuck',
] as const;

/** One of these ways. */
export type PodEndReason = (typeof podEndReasons)[number];

/** How a pod ended, or why it counts as ended. */
export interface PodEnd {
  /** Whether it ended before or after its program ran. */
  readonly phase: 'start' | 'run';
  readonly reason: PodEndReason;
  /** A sentence for people, without the full stop. */
  readonly message: string;
  readonly outOfMemory: boolean;
  /** Whether a part of it exists, or may still be created, until somebody removes it. */
  readonly lingers: boolean;
}

/** What a pod's status does not contain: whether it exists, and for how long it has been in its state, in ms. */
export interface PodLook {
  /** The pod no longer exists. */
  readonly gone: boolean;
  /** How long it has waited for the same thing. */
  readonly waitingMs: number;
  /** Time since it was told to leave. */
  readonly leavingMs: number;
  /** How long one of its containers has ended while another one runs. */
  readonly halfMs: number;
}

/** How long a state that may still improve is tolerated, in ms. */
export interface PodLimits {
  /** No node fits: an autoscaler may be adding one. */
  readonly unschedulableLimitMs: number;
  /** Its node cannot create its container: what is missing may be on its way. */
  readonly notCreatedLimitMs: number;
  /** One of its containers has ended: the other one is about to. */
  readonly followLimitMs: number;
  /** It has not left after its grace period: its node may not respond. */
  readonly stuckLimitMs: number;
}

/** How the pod ended; undefined while it runs or may still run. Pure: the first matching reason names the end. */
export function podEnd(pod: SeenPod, look: PodLook, limits: PodLimits): PodEnd | undefined {
  return overEnd(pod, look, limits) ?? stuckEnd(pod, look, limits) ?? waitEnd(pod, look, limits);
}

/** For a pod that is over: its containers have ended, its node refuses to run them, or it is gone. */
function overEnd(pod: SeenPod, { gone, halfMs }: PodLook, { followLimitMs }: PodLimits): PodEnd | undefined {
  const ended = endedFirst(pod);
  const isOver = gone || pod.phase === 'Failed' || pod.phase === 'Succeeded';
  if (!isOver && !ended) return undefined;
  const lingers = !isOver && isHalf(pod);
  // a leaving pod has its grace period for that
  if (lingers && (pod.leaving || halfMs < (pod.restarts ? Math.min(followLimitMs, restartedMs) : followLimitMs)))
    return undefined;
  const phase = ended || hasRun(pod) ? 'run' : 'start';
  return { phase, outOfMemory: false, lingers, ...whyOver(pod, ended) };
}

/** If the node restarts what has ended, the containers hardly ever have all ended: they get this time, in ms. */
const restartedMs = 1_000;

/** Whether one container has ended and another one has not. Pure. */
export function isHalf({ containers }: SeenPod): boolean {
  const ended = containers.filter(({ state }) => state.kind === 'terminated').length;
  return ended > 0 && ended < containers.length;
}

/**
 * The container whose end caused that of the others: an agent ends with code 0 after its worker, and a worker fails
 * without its agent.
 */
function endedFirst({ containers }: SeenPod): PodContainer | undefined {
  const ended = containers.filter(({ state }) => state.kind === 'terminated');
  const failed = ended.filter(({ state }) => state.kind === 'terminated' && state.exitCode !== 0);
  return (
    failed.find(({ name }) => name !== workerContainer) ??
    ended.find(({ name }) => name === workerContainer) ??
    ended[0]
  );
}

function whyOver(pod: SeenPod, ended: PodContainer | undefined): Pick<PodEnd, 'reason' | 'message'> & Partial<PodEnd> {
  const oom = pod.containers.find(({ state }) => state.kind === 'terminated' && state.reason === 'OOMKilled');
  if (oom) return exited(oom);
  const disruption = disruptionOf(pod);
  if (disruption) return disruption;
  if (pod.leaving) return { reason: 'deleted', message: 'its pod was deleted' };
  if (ended) return exited(ended);
  if (pod.phase === 'Failed') return { reason: 'refused_by_node', message: `its node refused it: ${said(pod)}` };
  return { reason: 'deleted', message: 'its pod is gone' };
}

function exited({ name, state }: PodContainer): Pick<PodEnd, 'reason' | 'message' | 'outOfMemory'> {
  const terminated = state.kind === 'terminated' ? state : { exitCode: undefined, reason: '' };
  const end = { exitCode: terminated.exitCode, outOfMemory: terminated.reason === 'OOMKilled' };
  const outOfMemory = diedOfMemory(end);
  const whose = name === workerContainer ? '' : `its container ${name} `;
  const message = `${whose}${exitReason({ ...end, outOfMemory })}`;
  return { reason: outOfMemory ? 'out_of_memory' : 'exited', message, outOfMemory };
}

/** For a pod that was told to leave and does not. */
function stuckEnd(pod: SeenPod, { leavingMs }: PodLook, { stuckLimitMs }: PodLimits): PodEnd | undefined {
  if (!pod.leaving || leavingMs < pod.leaving.graceSeconds * 1_000 + stuckLimitMs) return undefined;
  const late = `it was told to leave ${seconds(leavingMs)} ago and its node has not confirmed that it did`;
  const { reason, message } = disruptionOf(pod) ?? { reason: 'stuck', message: '' };
  const why = message === '' ? late : `${message}; ${late}`;
  return { phase: hasRun(pod) ? 'run' : 'start', reason, message: why, outOfMemory: false, lingers: true };
}

/** For a pod whose program has been kept from running for too long. */
function waitEnd(pod: SeenPod, { waitingMs }: PodLook, limits: PodLimits): PodEnd | undefined {
  const wait = waitOf(pod);
  if (!wait) return undefined;
  const { kind, message } = wait;
  if (waitingMs < limitOf(kind, limits)) return undefined;
  return { phase: 'start', reason: kind, message, outOfMemory: false, lingers: true };
}

function limitOf(kind: 'image_missing' | 'not_created' | 'unschedulable', limits: PodLimits): number {
  if (kind === 'image_missing') return 0;
  return kind === 'unschedulable' ? limits.unschedulableLimitMs : limits.notCreatedLimitMs;
}

const hasRun = ({ containers }: SeenPod): boolean => containers.some(({ state }) => state.kind !== 'waiting');

const said = ({ reason, message }: SeenPod): string => [reason, message].filter((part) => part !== '').join(', ');

const seconds = (ms: number): string => `${String(Math.round(ms / 1_000))} s`;
