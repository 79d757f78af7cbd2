import type { ContainerRuntime, PermissionMode, Profile, ToolRules } from '@remuda/domain';
import { bridgeSockets, messageFormats, workerEnv, type WorkerProfile } from '@remuda/protocol';
import { parseRedisUrl, type WorkerAccount } from '@remuda/redis';
import type { NetworkBridge } from './network-bridge.js';

/** What is a worker's own: nobody else knows it. */
export interface WorkerSecrets {
  /** At Redis; absent where workers have no accounts of their own. */
  readonly account?: WorkerAccount | undefined;
  /** By what it proves itself to a bridge over the network. */
  readonly bridgeCredential?: string | undefined;
}

/** What a worker is told for its start. */
export interface WorkerStart extends WorkerSecrets {
  /** The permission mode of the spare that it keeps at first. */
  readonly spare?: PermissionMode | undefined;
}

/** What a worker finds around it, the same for all of a cluster. */
export interface WorkerSurroundings {
  readonly reachesRedis: ContainerRuntime['reachesRedis'];
  readonly namespace: string;
  readonly redisUrl: string;
  /** Where each worker sees its sockets, where that is the same for all. */
  readonly socketDir?: string | undefined;
  /** Where the bridge's sockets are on the engine's host: names the bridge. */
  readonly bridgeDir?: string;
  readonly logLevel: string;
  /** What a job may still take when its worker is told to leave by a signal, in ms. */
  readonly drainMs: number;
  /** The bridge, where workers reach it over the network; absent: by sockets. */
  readonly bridge?: NetworkBridge;
  /** Shortest time between two snapshots of a turn, in ms; 0 for none at all. Absent: as the worker has it by itself. */
  readonly snapshotEveryMs?: number;
}

/** Names the bridge by which the workers of an engine reach Redis; undefined where they do so by themselves. */
export function bridgeOf(around: WorkerSurroundings, engine: string): string | undefined {
  return around.reachesRedis === 'by-bridge' ? `${engine}:${around.bridgeDir ?? around.socketDir ?? ''}` : undefined;
}

/** A worker's environment. The model's credential is not in it, nor a password of anybody else. */
export function workerEnvironment(
  id: string,
  profile: Profile,
  around: WorkerSurroundings,
  { account, bridgeCredential, spare }: WorkerStart,
): Readonly<Record<string, string>> {
  const { redisUrl, socketDir, reachesRedis } = around;
  const url = reachesRedis === 'by-bridge' && socketDir !== undefined ? throughSocket(redisUrl, socketDir) : redisUrl;
  return {
    [workerEnv.id]: id,
    [workerEnv.namespace]: around.namespace,
    [workerEnv.redisUrl]: account ? withAccount(url, account) : url,
    [workerEnv.profile]: JSON.stringify(workerProfile(profile, spare)),
    [workerEnv.drainMs]: String(around.drainMs),
    ...(around.snapshotEveryMs === undefined ? {} : { [workerEnv.snapshotEveryMs]: String(around.snapshotEveryMs) }),
    ...wayToBridge(around.bridge, bridgeCredential),
    REMUDA_LOG_LEVEL: around.logLevel,
  };
}

/** Nothing where the runtime knows the way, which is by sockets. */
function wayToBridge(bridge: NetworkBridge | undefined, credential: string | undefined): Record<string, string> {
  if (!bridge || credential === undefined) return {};
  const ca = bridge.ca?.();
  return {
    [workerEnv.bridge]: bridge.url.href,
    [workerEnv.bridgeCredential]: credential,
    ...(ca === undefined ? {} : { [workerEnv.bridgeCa]: ca }),
  };
}

function workerProfile(profile: Profile, spare: PermissionMode | undefined): WorkerProfile {
  const { name, model, permissionMode, appendSystemPrompt, trustRepository, recycle, prepare } = profile;
  // the usual one is not named, so that workers of an earlier release understand it
  const kind = profile.engine === 'stream' ? {} : { engineKind: profile.engine };
  const tools = toolsOf(profile);
  const own = appendSystemPrompt === undefined ? {} : { appendSystemPrompt };
  const engine = { model, permissionMode, tools, trustRepository, ...own };
  return {
    v: messageFormats.own,
    name,
    afterJobs: recycle.afterJobs,
    engine,
    ...kind,
    ...(spare === undefined ? {} : { spare }),
    ...(prepare === undefined ? {} : { prepare }),
  };
}

/** Claude Code's search of the web is one of the model's side: what would only be refused is not offered. */
function toolsOf({ tools, serverTools }: Profile): ToolRules {
  return serverTools.includes('web_search') ? tools : { ...tools, deny: [...(tools.deny ?? []), 'WebSearch'] };
}

/** The same Redis and account, by way of the bridge's listener. */
function throughSocket(url: string, socketDir: string): string {
  const account = /^[a-z+]+:\/\/([^@/]*@)?/.exec(url)?.[1] ?? '';
  return `redis+unix://${account}localhost${socketDir}/${bridgeSockets.redis}?db=${String(parseRedisUrl(url).db)}`;
}

function withAccount(url: string, { username, password }: WorkerAccount): string {
  const parsed = /^([a-z+]+:\/\/)(?:[^@/]*@)?(.*)$/.exec(url);
  return `${parsed?.[1] ?? ''}${username}:${password}@${parsed?.[2] ?? ''}`;
}
