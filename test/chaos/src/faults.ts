import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './member.js';
import { podActs } from './kubernetes/pod-faults.js';
import { killClaude, killContainer, signalWorker } from './processes.js';
import type { Random } from './random.js';
import { replayOldOutcome } from './replay.js';
import type { ChaosRuntime } from './options.js';
import { onWorker, type Act, type Hit } from './victim.js';
import type { FaultScene } from './fault-scene.js';

/** A fault that was made. */
export interface Fault {
  readonly kind: FaultKind;
  /** Epoch ms. */
  readonly at: number;
  /** The job that it hit, where it hit one. */
  readonly job?: string;
}

/** How long something is frozen, in ms: from hardly noticed to longer than a worker may be silent while others are heard (6 s). */
const freezeMs = { min: 1_000, max: 9_000 };

/** How long a bridge is away that is not started again at once, in ms: an upgrade, or a machine that starts anew. */
const awayMs = 20_000;

const acts = {
  'worker killed': (scene) => onWorker(scene, ({ id }) => signalWorker(scene.cluster.workers, id, 'SIGKILL')),
  'worker frozen': (scene, later) =>
    onWorker(scene, ({ id }) => {
      later(freeze((signal) => signalWorker(scene.cluster.workers, id, signal), scene.random));
    }),
  'container killed': (scene) => onWorker(scene, ({ id }) => killContainer(scene.cluster.workers, id)),
  'Claude killed': (scene) => onWorker(scene, ({ id }) => killClaude(scene.cluster.workers, id)),
  'scheduler killed': (scene, later) => onMember(scene, scene.cluster.schedulers, 'SIGKILL', later),
  'scheduler told to go': (scene, later) => onMember(scene, scene.cluster.schedulers, 'SIGTERM', later),
  'scheduler frozen': (scene, later) => freezeMember(scene, scene.cluster.schedulers, later),
  'api killed': (scene, later) => onMember(scene, scene.cluster.apis, 'SIGKILL', later),
  'api frozen': (scene, later) => freezeMember(scene, scene.cluster.apis, later),
  'bridge killed': (scene, later) => onMember(scene, scene.cluster.bridges, 'SIGKILL', later),
  'bridge frozen': (scene, later) => freezeMember(scene, scene.cluster.bridges, later),
  'bridge away': async ({ cluster, random }, later) => {
    const member = random.pick(cluster.bridges);
    if (member) later(member.restart('SIGKILL', awayMs));
    return {};
  },
  'Redis killed': async ({ cluster }, later) => {
    later(cluster.redis.kill());
    return {};
  },
  'Redis frozen': async ({ cluster, random }, later) => {
    later(freeze((signal) => cluster.redis.signal(signal), random));
    return {};
  },
  'old outcome said again': (scene) => replayOldOutcome(scene),
  ...podActs,
} as const satisfies Record<string, Act>;

/** The kinds of faults there are. */
export type FaultKind = keyof typeof acts;

/** How often each comes, relative to the others, where workers are not pods. */
const usual: Readonly<Partial<Record<FaultKind, number>>> = {
  'worker killed': 6,
  'worker frozen': 3,
  'container killed': 3,
  'Claude killed': 4,
  'scheduler killed': 4,
  'scheduler told to go': 2,
  'scheduler frozen': 3,
  'api killed': 2,
  'api frozen': 1,
  'bridge killed': 2,
  'bridge frozen': 2,
  'bridge away': 1,
  'Redis killed': 2,
  'Redis frozen': 1,
  'old outcome said again': 3,
};

/** Where they are pods, besides. */
const ofPods: Readonly<Partial<Record<FaultKind, number>>> = {
  'pod deleted': 4,
  'pod deleted without grace': 2,
  'pod evicted': 4,
  'API server frozen': 1,
  'kubelet frozen': 1,
};

/** How often each kind of fault comes, relative to the others. */
function weightsFor(runtime: ChaosRuntime): Readonly<Record<FaultKind, number>> {
  const none = Object.fromEntries(Object.keys(acts).map((kind) => [kind, 0])) as Record<FaultKind, number>;
  return { ...none, ...usual, ...(runtime === 'kubernetes' ? ofPods : {}) };
}

/** Makes faults until the signal aborts, then sees to it that everything runs again. */
export async function makeFaults(scene: FaultScene, pauseMs: number, signal: AbortSignal): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
  const weights = weightsFor(scene.cluster.workers.runtime);
  const underWay = new Set<Promise<unknown>>();
  const later = (what: Promise<unknown>): void => {
    underWay.add(what);
    void what.catch(() => undefined).finally(() => underWay.delete(what));
  };
  while (!signal.aborted) {
    await sleep(scene.random.between(pauseMs / 2, (pauseMs * 3) / 2), undefined, { signal }).catch(() => undefined);
    const kind = scene.random.weighted(weights);
    const at = Date.now();
    const act: Act = acts[kind];
    // What it meant to hit may be down already.
    const hit = await act(scene, later).catch(() => undefined);
    if (hit) faults.push({ kind, at, ...hit });
  }
  await Promise.allSettled(underWay);
  return faults;
}

async function onMember(
  { random }: FaultScene,
  members: readonly Member[],
  signal: 'SIGKILL' | 'SIGTERM',
  later: (what: Promise<unknown>) => void,
): Promise<Hit> {
  const member = random.pick(members);
  if (member) later(member.restart(signal));
  return {};
}

async function freezeMember(
  { random }: FaultScene,
  members: readonly Member[],
  later: (what: Promise<unknown>) => void,
): Promise<Hit> {
  const member = random.pick(members);
  if (member) later(freeze((signal) => member.signal(signal), random));
  return {};
}

async function freeze(send: (signal: NodeJS.Signals) => unknown, random: Random): Promise<void> {
  await send('SIGSTOP');
  await sleep(random.between(freezeMs.min, freezeMs.max));
  await send('SIGCONT');
}
