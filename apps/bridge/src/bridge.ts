import { lookup } from 'node:dns/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { openBlobs, temporaryPlace, type BlobLimits, type BlobRoom } from '@remuda/blobs';
import { artifactLimits, type Blobs, type Clock, type SecretVault, type SnapshotIndex } from '@remuda/domain';
import { openUpstream } from '@remuda/model';
import { createAdminServer, Listeners, makeOwnFolder, type Logger } from '@remuda/runtime';
import type { Budgets } from './budgets.port.js';
import type { EgressListener } from './egress/listener.js';
import type { Environment } from './environment.js';
import { gitEnvironment } from './git/git.js';
import { Mirrors } from './git/mirrors/mirrors.js';
import type { PushParts } from './git/push/push.js';
import type { PushedCommits } from './git/push/pushed-commits.port.js';
import { allowedProtocols } from './git/repository.js';
import type { Resolve } from './git/reach.js';
import type { Grants } from './grants.port.js';
import { createBridgeMetrics, type BridgeMetrics } from './metrics.js';
import type { ModelCounts } from './model-counts.port.js';
import { createModelServer, type ModelListener } from './model/listener.js';
import { Callbacks } from './callbacks/callbacks.js';
import { BudgetReservations } from './model/budget/budget-reservations.js';
import type { RedisWhereabouts } from './redis/whereabouts.js';
import { keepSwept } from './snapshots/sweep.js';
import type { BridgeSettings } from './settings.js';
import type { Entry } from './tcp/entry.js';
import { openEntry } from './tcp/open-entry.js';
import type { UnprovenLimits } from './tcp/unproven.js';
import { keepListeners } from './workers/keep-listeners.js';
import { ListenerKeeper } from './workers/listener-keeper.js';
import { holdToShare } from './workers/share.js';
import type { Delivering } from './webhooks/deliver.js';
import type { WorkerDirectory } from './workers/worker-directory.port.js';
import { WorkerServers, type WorkerServerParts } from './workers/worker-servers.js';

/** Parts of a bridge, in addition to its environment. */
export interface BridgeParts {
  readonly grants: Grants;
  readonly budgets: Budgets;
  readonly counts: ModelCounts;
  readonly redis: RedisWhereabouts;
  readonly snapshots: SnapshotIndex;
  readonly pushed: PushedCommits;
  readonly workers: WorkerDirectory;
  /** Credentials of tenants. Default: none. */
  readonly vault?: SecretVault;
  readonly clock: Clock;
  /** The cluster's clock, for times that other apps compare. Default: `clock`. */
  readonly sharedClock?: Clock;
  /** Limits on unauthenticated TCP connections. Default: `unprovenLimits`. */
  readonly entryLimits?: UnprovenLimits;
  /** Timeout of a silent client of the snapshot listener, in ms. Default 30 s. */
  readonly snapshotSilenceMs?: number;
  /** Timeout of a request to the API of a host of repositories, in ms. Default 15 s. */
  readonly gitApiMs?: number;
  /** Certificates that are trusted at places of `egressCredentials`. Default: those of Node.js. */
  readonly egressCa?: string;
  /** How names of egress hosts are resolved. Default: by the system. */
  readonly resolve?: Resolve;
  /** Begins to deliver webhooks. Default: this bridge delivers none. */
  readonly webhooks?: (parts: { readonly metrics: BridgeMetrics; readonly resolve: Resolve }) => Delivering;
  readonly log: Logger;
}

/** Addresses of a running bridge: the folder of its sockets, and URLs. */
export interface BridgeAddresses {
  /** Folder with one subfolder per worker, named by `socketFolder`; absent if workers do not use sockets. */
  readonly socketDir: string;
  /** URL for workers that share no folder with the bridge; absent if that is off. */
  readonly entryUrl?: string;
  /** URL of the model listener over TCP; absent if that is off. */
  readonly modelUrl?: string;
  readonly adminUrl: string;
}

/** A running bridge. */
export interface Bridge {
  readonly addresses: BridgeAddresses;
  /** Accepts nothing new, waits up to `graceMs` (10 s) for requests in flight, removes the sockets. */
  close(graceMs?: number): Promise<void>;
}

/** How long answers in flight may continue after the bridge was told to stop. */
export const closeGraceMs = 10_000;

/**
 * Opens all listeners of a bridge. Rejects with `config.invalid` if an address is not available; then none is left
 * open.
 */
export async function startBridge(environment: Environment, parts: BridgeParts): Promise<Bridge> {
  const { settings, credential } = environment;
  const { snapshots, log, clock } = parts;
  const socketDir = settings.sockets === 'on' ? settings.socketDir : undefined;
  const [lock, listeners] = [new Listeners(), new Listeners()];
  const ending = new AbortController();
  const metrics = createBridgeMetrics();
  const upstream = openUpstream(settings.modelUrl, credential, settings.connectTimeoutMs);
  let stopping = false;
  let keeper: ListenerKeeper | undefined;
  let entry: Entry | undefined;
  let delivering: Delivering | undefined;
  const close = async (graceMs = closeGraceMs): Promise<void> => {
    stopping = true;
    entry?.stop();
    await Promise.all([keeper?.close(graceMs), listeners.close(graceMs), delivering?.close(graceMs)]);
    ending.abort();
    upstream.close();
    await lock.close(0);
  };
  const extras = { betas: settings.modelBetas, fields: settings.modelFields };
  const reservations = new BudgetReservations(parts.budgets, parts.clock, parts.log);
  void reservations.keepRenewed(ending.signal);
  const model = {
    ...parts,
    clock: parts.sharedClock ?? clock,
    metrics,
    upstream,
    extras,
    reservations,
    callbacks: new Callbacks({ metrics, log }),
    stopping: () => stopping,
  };
  try {
    if (socketDir !== undefined) {
      makeOwnFolder(socketDir, 0o755);
      await lock.onSocket('lines', createLock(), { path: join(socketDir, lockName), mode: 0o600 });
    }
    const blobs = openRoom(settings, 'snapshots');
    const uploads = openRoom(settings, 'uploads');
    const artifacts = openRoom(settings, 'artifacts');
    const { snapshotKeepMs: keepMs, uploadKeepMs, artifactsKeepMs } = settings;
    const minFreeBytes = settings.blobsMinFreeMb * mebibyte;
    const onDisk = (free = NaN): void => {
      metrics.blobsFree.set(free);
    };
    const ages = { keepMs, uploadKeepMs, artifactsKeepMs, minFreeBytes };
    const rooms = { blobs, uploads, artifacts };
    void keepSwept({ ...parts, ...rooms, store: snapshots, ...ages, onDisk }, ending.signal);
    const { mirrors, env, pushes } = await openMirrors(environment, { ...parts, metrics }, ending.signal);
    const each: WorkerServerParts = {
      model,
      git: { ...parts, mirrors, env, metrics },
      snapshots: {
        ...parts,
        ...rooms,
        pushes,
        artifactBytes: settings.artifactsMaxMb * mebibyte,
        store: snapshots,
        metrics,
        silenceMs: parts.snapshotSilenceMs,
      },
      redis: parts.redis,
      egress: egressOf(settings, { ...parts, metrics }),
      workersOnly: workersOnly(),
    };
    const store = parts.workers;
    keeper = new ListenerKeeper({ socketDir, log, store, make: (worker) => new WorkerServers(worker, each) });
    void keepListeners({ keeper, store, clock, log }, ending.signal);
    const { entryLimits: limits } = parts;
    const forEntry = { store, keeper, metrics, clock, log, ...(limits ? { limits } : {}) };
    const opened = await openEntry(settings, forEntry, ending.signal);
    entry = opened?.entry;
    const overTcp = opened ? { entryUrl: opened.url } : {};
    const onLoopback =
      settings.port === undefined
        ? {}
        : { modelUrl: await listeners.onLoopback('answers', modelOverTcp(model), settings.port) };
    const notReady = (): Promise<string | undefined> => whyNotReady(parts.grants, stopping);
    const admin = createAdminServer({ registry: metrics.registry, notReady });
    const { adminHost: host, adminPort: port, hosts } = settings;
    const adminUrl = await listeners.onAddress('lines', admin, { host, port, hosts });
    delivering = parts.webhooks?.({ metrics, resolve: parts.resolve ?? addressesOf });
    return { addresses: { socketDir: settings.socketDir, ...overTcp, ...onLoopback, adminUrl }, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** This socket is the lock of the folder. */
const lockName = 'bridge.sock';

function createLock(): Server {
  return createServer((socket) => socket.destroy());
}

/** All workers of a pod, and the probes, share one address. */
function modelOverTcp(model: ModelListener): ReturnType<typeof createModelServer> {
  const server = createModelServer(model);
  holdToShare(server, { connections: 1_000 });
  return server;
}

async function openMirrors(
  { settings, gitEnv }: Environment,
  parts: Pick<BridgeParts, 'clock' | 'log' | 'vault' | 'pushed' | 'gitApiMs'> & { readonly metrics: BridgeMetrics },
  signal: AbortSignal,
): Promise<{ readonly mirrors: Mirrors; readonly env: Readonly<Record<string, string>>; readonly pushes: PushParts }> {
  const { mirrorDir: folder, gitTimeoutMs: timeoutMs, gitSilenceMs: silenceMs, gitHosts: hosts } = settings;
  const allowFile = settings.gitAllowFile === '1';
  const env = gitEnvironment(gitEnv, allowedProtocols(allowFile));
  const resolve = addressesOf;
  const [run, rules] = [
    { env, timeoutMs, silenceMs, signal },
    { allowFile, hosts },
  ];
  makeOwnFolder(folder, 0o700);
  const mirrors = new Mirrors({ ...parts, folder, run, resolve, rules }, settings.mirrorTotalMb * mebibyte);
  await mirrors.open();
  const { vault = noVault, pushed, gitApiMs: apiMs, metrics, log } = parts;
  const { gitProtected: protectedNames, gitServices: services, pushMaxMb } = settings;
  const limits = { maxBytes: pushMaxMb * mebibyte, maxCommits: maxPushedCommits };
  return {
    mirrors,
    env,
    pushes: { mirrors, vault, pushed, rules, resolve, run, protectedNames, services, apiMs, limits, metrics, log },
  };
}

const noVault: SecretVault = { find: () => Promise.resolve(undefined) };

/** Commits that a job may push at most. */
const maxPushedCommits = 1_000;

/** Timeout of resolving the name of an egress host, and of connecting to it, in ms. */
const egressConnectMs = 10_000;

function egressOf(
  { egressHosts: hosts, egressMaxMb, egressIdleMs: idleMs }: BridgeSettings,
  {
    grants,
    resolve = addressesOf,
    vault = noVault,
    egressCa: ca,
    metrics,
    log,
  }: BridgeParts & Pick<EgressListener, 'metrics'>,
): EgressListener {
  return {
    grants,
    resolve,
    vault,
    ca,
    metrics,
    log,
    hosts,
    maxBytes: egressMaxMb * mebibyte,
    idleMs,
    connectMs: egressConnectMs,
  };
}

async function addressesOf(name: string): Promise<readonly string[]> {
  return (await lookup(name, { all: true })).map(({ address }) => address);
}

/** A disk that is short keeps what the cluster itself needs last: a quarter of the reserve is for snapshots alone. */
function openRoom(settings: BridgeSettings, room: BlobRoom): Blobs {
  const { blobsUrl, blobsKeyId: keyId, blobsSecret: secret, namespace } = settings;
  const limits = room === 'artifacts' ? artifactLimitsOf(settings) : snapshotLimitsOf(settings);
  const place = blobsUrl ?? temporaryPlace;
  const makeFolder = (path: string): void => {
    makeOwnFolder(path, 0o700);
  };
  return openBlobs({ place, namespace, room, limits, keyId, secret, makeFolder });
}

function snapshotLimitsOf({ snapshotMaxMb, snapshotTotalMb, blobsMinFreeMb }: BridgeSettings): BlobLimits {
  return {
    maxBytes: snapshotMaxMb * mebibyte,
    maxTotalBytes: snapshotTotalMb * mebibyte,
    minFreeBytes: (blobsMinFreeMb * mebibyte) / 4,
  };
}

/** Of an archive; the headers of many small files take more than their content. */
function artifactLimitsOf({ artifactsMaxMb, artifactsTotalMb, blobsMinFreeMb }: BridgeSettings): BlobLimits {
  return {
    maxBytes: artifactsMaxMb * mebibyte + 4_096 * artifactLimits.files,
    maxTotalBytes: artifactsTotalMb * mebibyte,
    minFreeBytes: blobsMinFreeMb * mebibyte,
  };
}

const mebibyte = 1024 * 1024;

/**
 * Workers are root in their containers; if the bridge is not, the socket's owner does not tell them from Claude Code.
 */
function workersOnly(): number {
  return process.getuid?.() === 0 ? 0o600 : 0o666;
}

async function whyNotReady(grants: Grants, stopping: boolean): Promise<string | undefined> {
  if (stopping) return 'the bridge is shutting down';
  try {
    await grants.find('0'.repeat(64));
    return undefined;
  } catch {
    return 'Redis does not answer';
  }
}
