import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { RedisEventLog, RedisPoolStore, redisKeys, type RedisKeys } from '@remuda/redis';
import type { RawConnection } from '@remuda/redis/testing';
import { systemClock } from '@remuda/runtime';
import { startScriptedModel, type ScriptedModel } from '@remuda/scripted-model';
import { ApiClient } from '../../../apps/local/dist/demo/api-client.js';
import { planEnvironments, socketDir, type ClusterPlaces } from '../../../apps/local/dist/cluster/cluster-plan.js';
import { freePort } from '../../../apps/local/dist/cluster/free-port.js';
import { startProcess } from '../../../apps/local/dist/cluster/kept-process.js';
import { openPodPlace, type PodPlace } from './kubernetes/pod-place.js';
import { Member } from './member.js';
import type { ChaosOptions } from './options.js';
import type { WorkerPlace } from './processes.js';
import { RedisServer } from './redis-server.js';

const root = join(import.meta.dirname, '../../..');
/** As many as the machine carries; a worker does several jobs, since the start of one costs a second of CPU. */
const pool = { warm: availableParallelism(), max: 2 * availableParallelism(), afterJobs: 8 };
/** Room for each worker on a node as small as this machine. */
const podResources = { cpus: 0.5, memoryMb: 1_024, diskMb: 256 };

type App = 'bridge' | 'scheduler' | 'api';

/** Of every app there are two. */
const sides = ['1', '2'] as const;
type Side = (typeof sides)[number];

/** Folder of the sockets of one bridge; the scheduler of the same side gives it to its workers. */
const socketDirOf = (dir: string, side: Side): string => `${socketDir(dir)}${side}`;

/** Longer than the parts of a cluster take to end, in ms. */
const remainderMs = 40_000;

/** A whole cluster of real parts with two bridges, two schedulers and two apis. Only the model is scripted. */
export interface ChaosCluster {
  readonly redis: RedisServer;
  readonly schedulers: readonly Member[];
  readonly apis: readonly Member[];
  /** Each scheduler's workers reach the bridge of the same place in the list. */
  readonly bridges: readonly Member[];
  readonly clients: readonly ApiClient[];
  readonly workers: WorkerPlace;
  /** Where pods of another controller enrol, if a profile has such pods. */
  readonly enrol: PodPlace['enrol'] | undefined;
  readonly pools: RedisPoolStore;
  readonly events: RedisEventLog;
  readonly connection: RawConnection;
  readonly keys: RedisKeys;
  readonly model: ScriptedModel;
  /** Folder into which the jobs write. */
  readonly notes: string;
  readonly logDir: string;
  /** The profiles file: what is written to it holds for a scheduler that starts. */
  readonly profiles: string;
  /** Leaves the logs where they are when everything else goes. */
  keepLogs(): void;
  stop(): Promise<void>;
}

/** What a cluster is made of. */
export type ClusterChoice = Pick<ChaosOptions, 'runtime' | 'fsync'> & {
  /** What the profiles file says. Default: one profile, `default`, as large as the machine bears. */
  readonly profiles?: object;
  /** Further environment, of the members that it is for. Default: none. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Brings all of it up; wants the apps built. */
export async function startChaosCluster(options: ClusterChoice): Promise<ChaosCluster> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step().catch(() => undefined);
  };
  try {
    return { ...(await bringUp(options, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function bringUp(
  { runtime, fsync, profiles: content = usualProfiles(runtime), env = {} }: ClusterChoice,
  undo: (() => Promise<unknown>)[],
): Promise<Omit<ChaosCluster, 'stop'>> {
  const dir = await mkdtemp('/tmp/remuda-chaos-');
  const [logDir, notes] = [join(dir, 'logs'), join(dir, 'notes')];
  await Promise.all(
    [logDir, notes, ...sides.map((side) => socketDirOf(dir, side))].map((folder) => mkdir(folder, { mode: 0o755 })),
  );
  let keep = false;
  undo.push(() => (keep ? Promise.resolve() : rm(dir, { recursive: true, force: true, maxRetries: 5 })));
  const pods = runtime === 'kubernetes' ? await openPodPlace(dir, enrols(content)) : undefined;
  const redis = await RedisServer.start(dir, fsync, pods?.host);
  undo.push(() => redis.stop());
  const model = await startScriptedModel();
  undo.push(() => model.close());
  const namespace = `chaos-${randomBytes(4).toString('hex')}`;
  const workers: WorkerPlace = { runtime, workerDir: join(dir, 'workers'), namespace, pods: pods?.namespace };
  undo.push(endsWorkers(workers, logDir));

  // of workers that are pods the place knows more
  const kind = runtime === 'docker' ? runtime : 'process';
  const secretsKey = randomBytes(32).toString('base64');
  const at = { redisUrl: redis.url, namespace, runtime: kind, dir, secretsKey, scriptedModelUrl: model.url } as const;
  const profiles = join(dir, 'profiles.yaml');
  await writeFile(profiles, JSON.stringify(content));
  const members = await startMembers({ at, logDir, profiles, pods, env }, undo);
  const connection = redis.connect('chaos');
  const keys = redisKeys(namespace);
  const events = new RedisEventLog(() => redis.connect('chaos-events'), keys, systemClock);
  const pools = new RedisPoolStore(connection, keys);
  undo.push(async () => {
    await Promise.all([events.close(), pools.close()]);
    connection.disconnect();
  });
  const keepLogs = (): void => void (keep = true);
  return {
    redis,
    ...members,
    workers,
    enrol: pods?.enrol,
    pools,
    events,
    connection,
    keys,
    model,
    notes,
    logDir,
    profiles,
    keepLogs,
  };
}

/** What no worker outlives, however this process ends; gives what ends those that there are. */
function endsWorkers({ runtime, workerDir, namespace, pods }: WorkerPlace, logDir: string): () => Promise<void> {
  const started = startProcess({
    name: 'remainder',
    run: { app: join(root, 'test/chaos/dist/remainder.js') },
    args: [runtime, workerDir, namespace, ...(pods ? [pods.kubeconfig, pods.namespace] : [])],
    env: process.env,
    log: join(logDir, 'remainder.log'),
  });
  return () => started.stop(remainderMs);
}

interface MemberPlan {
  readonly at: Omit<ClusterPlaces, 'apiPort' | 'schedulerPort' | 'bridgePort'>;
  readonly logDir: string;
  readonly profiles: string;
  readonly pods: PodPlace | undefined;
  readonly env: Readonly<Record<string, string>>;
}

async function startMembers(plan: MemberPlan, undo: (() => Promise<unknown>)[]) {
  const apiPorts = [await freePort(), await freePort()];
  const both = (app: App): Promise<Member[]> =>
    Promise.all(sides.map(async (side) => member(app, side, plan, await freePort())));
  const members = {
    bridges: await both('bridge'),
    schedulers: await both('scheduler'),
    apis: sides.map((side, i) => member('api', side, plan, apiPorts[i] ?? 0)),
  };
  const others = [...members.schedulers, ...members.apis];
  undo.push(() => Promise.all([...members.bridges, ...others].map((each) => each.stop())));
  await Promise.all(members.bridges.map((each) => each.start()));
  await Promise.all(others.map((each) => each.start()));
  return { ...members, clients: apiPorts.map((port) => new ApiClient(`http://127.0.0.1:${String(port)}`)) };
}

function member(app: App, side: Side, { at, logDir, profiles, pods, env: own }: MemberPlan, port: number): Member {
  const name = `${app}-${side}`;
  const ports = { apiPort: port, schedulerPort: port, bridgePort: port };
  const env = {
    ...planEnvironments({ ...process.env, ...own }, { ...at, ...ports })[app],
    REMUDA_SOCKET_DIR: socketDirOf(at.dir, side),
    REMUDA_PROFILES: profiles,
    REMUDA_WORKERS_ON_EXIT: 'keep',
    ...pods?.env[side],
  };
  const run = { app: join(root, 'apps', app, 'dist/main.js') };
  return new Member({ name, run, env }, `http://127.0.0.1:${String(port)}/health/ready`, logDir);
}

/** Whether pods of another controller are workers of a profile. */
const enrols = (profiles: object): boolean => JSON.stringify(profiles).includes('"enrol"');

function usualProfiles(runtime: ChaosOptions['runtime']): object {
  const { warm, max, afterJobs } = pool;
  const resources = runtime === 'kubernetes' ? { resources: podResources } : {};
  return { profiles: { default: { pool: { warm, max }, recycle: { afterJobs }, ...resources } } };
}
