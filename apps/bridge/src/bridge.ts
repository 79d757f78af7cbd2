import { join } from 'node:path';
import type { Clock } from '@remuda/domain';
import { bridgeSockets } from '@remuda/protocol';
import type { Logger } from '@remuda/runtime';
import { createAdminServer } from './admin.js';
import { Doors } from './doors.js';
import type { Environment } from './environment.js';
import { createGitDoor, type GitDoor } from './git/door.js';
import { gitEnvironment } from './git/git.js';
import { allowedProtocols } from './git/repository.js';
import type { Grants } from './grants.port.js';
import { createBridgeMetrics } from './metrics.js';
import type { ModelCounts } from './model-counts.port.js';
import { createModelServer } from './model/door.js';
import { openUpstream } from './model/upstream.js';
import { createRedisDoor } from './redis/door.js';
import type { RedisWhereabouts } from './redis/whereabouts.js';
import { createSnapshotDoor } from './snapshots/door.js';
import { FileBlobs } from './snapshots/file-blobs.js';
import type { SnapshotBook } from './snapshots/snapshot-book.port.js';
import { keepSwept } from './snapshots/sweep.js';
import type { BridgeSettings } from './settings.js';
import { makeOwnFolder } from './sockets.js';

/** What a bridge is made of besides its environment. */
export interface BridgeParts {
  readonly grants: Grants;
  readonly counts: ModelCounts;
  readonly redis: RedisWhereabouts;
  readonly snapshots: SnapshotBook;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Where a running bridge is found: paths of its sockets, and URLs. */
export interface BridgeAddresses {
  readonly model: string;
  readonly git: string;
  readonly redis: string;
  readonly snapshot: string;
  /** The model's door over TCP, where there is one. */
  readonly modelUrl?: string;
  readonly adminUrl: string;
}

/** A running bridge. */
export interface Bridge {
  readonly addresses: BridgeAddresses;
  /** Takes nothing new, lets what is under way come to its end for up to `graceMs` (10 s), removes the sockets. */
  close(graceMs?: number): Promise<void>;
}

/** How long answers under way may go on when the bridge is told to end. */
export const closeGraceMs = 10_000;

/** Opens all doors of the bridge. Rejects with `config.invalid` when an address can't be had; then none is left open. */
export async function startBridge(environment: Environment, parts: BridgeParts): Promise<Bridge> {
  const { settings, credential } = environment;
  const doors = new Doors();
  const ending = new AbortController();
  const metrics = createBridgeMetrics();
  const upstream = openUpstream(settings.modelUrl, credential, settings.connectTimeoutMs);
  const close = async (graceMs = closeGraceMs): Promise<void> => {
    stopping = true;
    await doors.close(graceMs);
    ending.abort();
    upstream.close();
  };
  let stopping = false;
  const isStopping = (): boolean => stopping;
  const model = { ...parts, metrics, upstream, stopping: isStopping };
  try {
    makeOwnFolder(settings.socketDir, 0o755);
    makeOwnFolder(settings.mirrorDir, 0o700);
    const paths = socketPaths(settings.socketDir);
    const redis = createRedisDoor(parts.redis, metrics);
    await doors.onSocket('lines', redis, { path: paths.redis, mode: workersOnly() });
    const git = createGitDoor({ ...parts, ...gitParts(environment, ending.signal), metrics });
    await doors.onSocket('answers', git, { path: paths.git, mode: 0o666 });
    const blobs = await openBlobs(settings);
    const book = parts.snapshots;
    const snapshots = createSnapshotDoor({ ...parts, blobs, book, metrics });
    await doors.onSocket('answers', snapshots, { path: paths.snapshot, mode: workersOnly() });
    void keepSwept({ blobs, book, keepMs: settings.snapshotKeepMs, ...parts }, ending.signal);
    await doors.onSocket('answers', createModelServer(model), { path: paths.model, mode: 0o666 });
    const overTcp =
      settings.port === undefined
        ? {}
        : { modelUrl: await doors.onLoopback('answers', createModelServer(model), settings.port) };
    const notReady = (): Promise<string | undefined> => whyNotReady(parts.grants, stopping);
    const admin = createAdminServer({ registry: metrics.registry, notReady });
    const adminUrl = await doors.onLoopback('lines', admin, settings.adminPort);
    return { addresses: { ...paths, ...overTcp, adminUrl }, close };
  } catch (error) {
    await close(0);
    throw error;
  }
}

function socketPaths(folder: string): Record<keyof typeof bridgeSockets, string> {
  const { model, git, snapshot, redis } = bridgeSockets;
  const at = (name: string): string => join(folder, name);
  return { model: at(model), git: at(git), snapshot: at(snapshot), redis: at(redis) };
}

function gitParts({ settings, gitEnv }: Environment, signal: AbortSignal): Pick<GitDoor, 'folder' | 'run'> {
  const env = gitEnvironment(gitEnv, allowedProtocols(settings.gitAllowFile === '1'));
  return { folder: settings.mirrorDir, run: { env, timeoutMs: settings.gitTimeoutMs, signal } };
}

/** A folder for each namespace: what another cluster keeps is not ours to sweep. */
async function openBlobs(settings: BridgeSettings): Promise<FileBlobs> {
  const { snapshotDir, namespace, snapshotMaxMb, snapshotTotalMb } = settings;
  makeOwnFolder(snapshotDir, 0o700);
  const folder = join(snapshotDir, namespace);
  makeOwnFolder(folder, 0o700);
  const blobs = new FileBlobs(folder, {
    maxBytes: snapshotMaxMb * mebibyte,
    maxTotalBytes: snapshotTotalMb * mebibyte,
  });
  await blobs.tidy();
  return blobs;
}

const mebibyte = 1024 * 1024;

/** Workers are root in their containers; where the bridge is not, the socket's owner can't tell them from Claude Code. */
function workersOnly(): number {
  return process.getuid?.() === 0 ? 0o600 : 0o666;
}

async function whyNotReady(grants: Grants, stopping: boolean): Promise<string | undefined> {
  if (stopping) return 'the bridge is going down';
  try {
    await grants.find('0'.repeat(64));
    return undefined;
  } catch {
    return 'Redis does not answer';
  }
}
