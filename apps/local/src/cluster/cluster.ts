import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planEnvironments, socketDir, type ClusterPlaces } from './cluster-plan.js';
import { forgetNamespace } from './forget.js';
import { freePort } from './free-port.js';
import { startPart, type Stage } from './stage.js';
import { openRedis } from '../redis/local-redis.js';
import type { RuntimeKind } from './runtime-choice.js';

/** Options of starting a cluster. */
export interface ClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly namespace: string;
  /** Whether the namespace's keys are deleted with the cluster if its Redis stays. Default false. */
  readonly forget?: boolean;
  readonly runtime: RuntimeKind;
  /**
   * `real`: as the environment says. `scripted`: a scripted model of the cluster's own. A URL: a running scripted
   * model.
   */
  readonly model: 'real' | 'scripted' | URL;
  /** Preferred ports of the apps; used if they are free. */
  readonly ports?: { readonly api?: number; readonly scheduler?: number; readonly bridge?: number };
  /** Whether the api has an embedded database for jobs that are over; it goes with the cluster. Default false. */
  readonly history?: boolean;
  /** Folder for the logs, which is kept; by default they are deleted with the cluster. */
  readonly logDir?: string;
  /** If it aborts before all parts are ready, the cluster is stopped and the start rejects. */
  readonly signal?: AbortSignal;
  /** Called with each step, as one line. */
  readonly say: (line: string) => void;
}

/** A cluster on this machine: its own Redis (unless one is given), bridge, scheduler and API. */
export interface Cluster {
  /** Base URL of the API, without a trailing slash. */
  readonly apiUrl: string;
  readonly schedulerUrl: string;
  readonly bridgeUrl: string;
  readonly redisUrl: string;
  readonly redisGiven: boolean;
  readonly namespace: string;
  readonly socketDir: string;
  readonly logDir: string;
  /** Settles, with a sentence that says why, if a part ends before `stop`. */
  readonly broken: Promise<string>;
  /** Stops everything that was started, in order: workers drain before their Redis stops. Safe to call twice. */
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '../../../..');
/** Longer than the apps' own limits, so that they can end gracefully. */
const graceMs = { api: 15_000, scheduler: 45_000, bridge: 15_000, model: 3_000 };

/**
 * Starts a cluster and resolves when every part is ready. Rejects with `internal` and the last output of a part that
 * does not become ready; started parts are then stopped.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const undo: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= unwind(undo));
  const leave = (): void => void stop();
  options.signal?.addEventListener('abort', leave, { once: true });
  try {
    const cluster = await bringUp(options, undo);
    options.signal?.throwIfAborted();
    return { ...cluster, stop };
  } catch (error) {
    await stop();
    // Parts that were still starting while the others stopped.
    await unwind(undo);
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', leave);
  }
}

async function unwind(undo: (() => Promise<void>)[]): Promise<void> {
  for (const step of undo.splice(0).reverse()) await step().catch(() => undefined);
}

async function bringUp(options: ClusterOptions, undo: (() => Promise<void>)[]): Promise<Omit<Cluster, 'stop'>> {
  const { env, say, namespace, runtime } = options;
  const dir = await mkdtemp(join(shortTmp(), 'remuda-'));
  undo.push(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  const logDir = options.logDir ?? join(dir, 'logs');
  await Promise.all([mkdir(logDir, { recursive: true }), makeSocketDir(dir)]);
  const redis = await openRedis({ env, dir, say });
  undo.push(() => redis.stop());
  if (options.forget === true && redis.given) undo.push(() => forgetNamespace(redis.url, namespace));

  const stage: Stage = { say, logDir, undo, parts: [] };
  const places: ClusterPlaces = {
    redisUrl: redis.url,
    namespace,
    runtime,
    dir,
    ...(options.history === true ? { storeDir: join(dir, 'store') } : {}),
    secretsKey: randomBytes(32).toString('base64'),
    scriptedModelUrl: await openModel(options, stage),
    apiPort: await freePort(options.ports?.api),
    schedulerPort: await freePort(options.ports?.scheduler),
    bridgePort: await freePort(options.ports?.bridge),
  };
  const urls = await startApps(env, places, stage);
  return {
    ...urls,
    redisUrl: redis.url,
    redisGiven: redis.given,
    namespace,
    socketDir: socketDir(dir),
    logDir,
    broken: Promise.race([redis.ended, ...stage.parts.map((part) => part.ended)]),
  };
}

/** The bridge comes first: workers need its sockets from the start. The order of the others does not matter. */
async function startApps(
  env: ClusterOptions['env'],
  places: ClusterPlaces,
  stage: Stage,
): Promise<Pick<Cluster, 'apiUrl' | 'schedulerUrl' | 'bridgeUrl'>> {
  const environments = planEnvironments(env, places);
  const start = async (name: 'bridge' | 'scheduler' | 'api', url: string): Promise<void> => {
    const app = join(root, 'apps', name, 'dist/main.js');
    await startPart(
      { name, run: { app }, env: environments[name] },
      { url: `${url}/health/ready`, graceMs: graceMs[name] },
      stage,
    );
    stage.say(`${name} is ready`);
  };
  const urls = addresses(places);
  await start('bridge', urls.bridgeUrl);
  await Promise.all([start('scheduler', urls.schedulerUrl), start('api', urls.apiUrl)]);
  return urls;
}

async function openModel({ model, env }: ClusterOptions, stage: Stage): Promise<string | undefined> {
  if (model === 'real') return undefined;
  if (model instanceof URL) return model.origin;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const app = join(root, 'test/scripted-model/dist/main.js');
  const args = ['--demo', '--port', String(port)];
  await startPart({ name: 'model', run: { app }, args, env }, { url, graceMs: graceMs.model }, stage);
  return url;
}

function addresses(places: ClusterPlaces): Pick<Cluster, 'apiUrl' | 'schedulerUrl' | 'bridgeUrl'> {
  const at = (port: number): string => `http://127.0.0.1:${port}`;
  return { apiUrl: at(places.apiPort), schedulerUrl: at(places.schedulerPort), bridgeUrl: at(places.bridgePort) };
}

/** The parent folder is private to this user; a container that gets the sockets may use them. */
async function makeSocketDir(dir: string): Promise<void> {
  await mkdir(socketDir(dir));
  await chmod(socketDir(dir), 0o755);
}

/** The path of a unix socket has at most 103 bytes on some systems. */
function shortTmp(): string {
  return tmpdir().length <= 70 ? tmpdir() : '/tmp';
}
