import type { EngineProfile } from '@remuda/domain';

/**
 * The environment that a scheduler gives a worker: names of variables, in one place for both ends.
 * None of them holds the model's credential.
 */
export const workerEnv = {
  id: 'REMUDA_WORKER_ID',
  namespace: 'REMUDA_NAMESPACE',
  /** `redis://…` or the path of a unix socket. */
  redisUrl: 'REMUDA_REDIS_URL',
  /** Base URL of the bridge, or `unix:/path` of its socket. */
  bridge: 'REMUDA_BRIDGE',
  /** By what the worker proves itself to a bridge that it reaches over the network. */
  bridgeCredential: 'REMUDA_BRIDGE_CREDENTIAL',
  /** Who signed that bridge's certificate: PEM, or the path of a file with it. */
  bridgeCa: 'REMUDA_BRIDGE_CA',
  /** Folder in which the worker then makes the sockets that lead there. */
  socketDir: 'REMUDA_SOCKET_DIR',
  /** The engine's profile as JSON (EngineProfile and recycle limits). */
  profile: 'REMUDA_WORKER_PROFILE',
  /** What a job may still take when the worker is told to leave by a signal. */
  drainMs: 'REMUDA_DRAIN_MS',
  /** Shortest time between two snapshots of a turn, in ms; 0 for none at all. */
  snapshotEveryMs: 'REMUDA_SNAPSHOT_EVERY_MS',
  workspace: 'REMUDA_WORKSPACE',
  home: 'REMUDA_HOME',
  /** Claude Code's executable. */
  claude: 'REMUDA_CLAUDE',
  /** Numeric uid and gid of Claude Code, where the worker may change user. */
  engineUid: 'REMUDA_ENGINE_UID',
  engineGid: 'REMUDA_ENGINE_GID',
  /** Path of the socket at which the worker waits for its agent, where Claude Code runs in another container. */
  agentSocket: 'REMUDA_AGENT_SOCKET',
} as const;

/** What a worker has to know of its profile: the value of `workerEnv.profile`, as JSON. */
export interface WorkerProfile {
  /** Its format; absent: 1. */
  readonly v?: number;
  readonly name: string;
  readonly engine: EngineProfile;
  /** Jobs after which it leaves. */
  readonly afterJobs: number;
}
