import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planEnvironments, socketDir, type ClusterPlaces } from './cluster-plan.js';
import { forgetNamespace } from './forget.js';
import { freePort } from './free-port.js';
import { startPart, type Stage } from './stage.js';
import { openRedis } from '../redis/local-redis.js';
import type { RuntimeKind } from './runtime-choice.js';

/** What a cluster is brought up with. */
export interface ClusterOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly namespace: string;
  /** Whether the namespace's keys go with the cluster where its Redis stays. Default false. */
  readonly forget?: boolean;
  readonly runtime: RuntimeKind;
  /**
   * `real`: what the environment says. `scripted`: a scripted model of the cluster's own. A URL: a scripted model that
   * runs already.
   */
  readonly model: 'real' | 'scripted' | URL;
  /** Ports of the apps where they are free; else any. */
  readonly ports?: { readonly api?: number; readonly scheduler?: number; readonly bridge?: number };
  /** Folder for the logs, kept afterwards; by default they go with the cluster. */
  readonly logDir?: string;
  /** Takes down what was brought up, and rejects, when it aborts before all is ready. */
  readonly signal?: AbortSignal;
  /** Told what is done, a line each. */
  readonly say: (line: string) => void;
}

/** A cluster on this machine: its own Redis (unless given), bridge, scheduler and API. */
export interface Cluster {
  /** Base URL of the API, without a slash at its end. */
  readonly apiUrl: string;
  readonly schedulerUrl: string;
  readonly bridgeUrl: string;
  readonly redisUrl: string;
  readonly redisGiven: boolean;
  readonly namespace: string;
  readonly socketDir: string;
  readonly logDir: string;
  /** Settles, with a sentence that says why, when a part ends before `stop`. */
  readonly broken: Promise<string>;
  /** Takes everything down that was brought up, in order: workers drain before their Redis goes. Safe to call twice. */
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '../../../..');
/** Longer than the apps' own limits, so that they end by themselves. */
const graceMs = { api: 15_000, scheduler: 45_000, bridge: 15_000, model: 3_000 };

/**
 * Brings a cluster up and resolves when every part is ready. A part that does not come up rejects with
 * `internal` and the last lines that it printed; what had been started is taken down again.
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
    // What was still coming up while the rest went.
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

/** The bridge first: a worker wants its sockets from the start. The others find their way together. */
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

/** The folder above is private to this user; who is given the sockets (a container) may use them. */
async function makeSocketDir(dir: string): Promise<void> {
  await mkdir(socketDir(dir));
  await chmod(socketDir(dir), 0o755);
}

/** The path of a unix socket has at most 103 bytes on some systems. */
function shortTmp(): string {
  return tmpdir().length <= 70 ? tmpdir() : '/tmp';
}
