import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkerRecord } from '@remuda/domain';
import { signalProcess, type Member } from './member.js';
import { childrenOf, killContainer, workerPid } from './processes.js';
import type { Random } from './random.js';
import { replayOldOutcome } from './replay.js';
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

/** What a fault hit: the job, where it hit one. */
interface Hit {
  readonly job?: string;
}

/** Makes a fault; undefined where there is nothing to hit. `later` takes what must have ended before the run may settle. */
type Act = (scene: FaultScene, later: (what: Promise<unknown>) => void) => Promise<Hit | undefined>;

const acts = {
  'worker killed': (scene) => onWorker(scene, ({ pid }) => signalProcess(pid, 'SIGKILL')),
  'worker frozen': (scene, later) =>
    onWorker(scene, ({ pid }) => {
      later(freeze((signal) => signalProcess(pid, signal), scene.random));
    }),
  'container killed': (scene) =>
    scene.cluster.workers.runtime === 'docker'
      ? onWorker(scene, ({ worker }) => killContainer(worker.id))
      : Promise.resolve(undefined),
  'Claude killed': (scene) =>
    onWorker(scene, async ({ pid }) => {
      for (const child of await childrenOf(pid)) signalProcess(child, 'SIGKILL');
    }),
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
} as const satisfies Record<string, Act>;

/** The kinds of faults there are. */
export type FaultKind = keyof typeof acts;

/** How often each comes, relative to the others. */
const weights: Readonly<Record<FaultKind, number>> = {
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

/** Makes faults until the signal aborts, then sees to it that everything runs again. */
export async function makeFaults(scene: FaultScene, pauseMs: number, signal: AbortSignal): Promise<readonly Fault[]> {
  const faults: Fault[] = [];
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

/** Does something to a worker, preferably to a busy one. */
async function onWorker(
  { cluster, random }: FaultScene,
  act: (victim: { worker: WorkerRecord; pid: number }) => void | Promise<void>,
): Promise<Hit | undefined> {
  const workers = (await cluster.pools.workers()).filter((worker) => worker.phase !== 'gone');
  const busy = workers.filter((worker) => worker.phase === 'busy');
  const worker = random.pick(busy.length > 0 && random.next() < 0.8 ? busy : workers);
  const pid = worker && (await workerPid(cluster.workers, worker.id));
  if (!worker || pid === undefined) return undefined;
  await act({ worker, pid });
  return worker.job === undefined ? {} : { job: worker.job };
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

async function freeze(send: (signal: NodeJS.Signals) => void, random: Random): Promise<void> {
  send('SIGSTOP');
  await sleep(random.between(freezeMs.min, freezeMs.max));
  send('SIGCONT');
}
