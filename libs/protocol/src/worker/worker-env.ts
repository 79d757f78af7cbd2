import type { EngineKind, EngineProfile, PermissionMode } from '@remuda/domain';

/**
 * The environment variables that a scheduler sets for a worker, in one place for both ends. None of them contains the
 * model's credential.
 */
export const workerEnv = {
  id: 'REMUDA_WORKER_ID',
  namespace: 'REMUDA_NAMESPACE',
  /** `redis://…` or the path of a unix socket. */
  redisUrl: 'REMUDA_REDIS_URL',
  /** Base URL of the bridge, or `unix:/path` of its socket. */
  bridge: 'REMUDA_BRIDGE',
  /** Credential of the worker for a bridge on the network. */
  bridgeCredential: 'REMUDA_BRIDGE_CREDENTIAL',
  /** CA certificate of that bridge: PEM, or the path of a file with it. */
  bridgeCa: 'REMUDA_BRIDGE_CA',
  /** Folder in which the worker then creates the sockets that lead there. */
  socketDir: 'REMUDA_SOCKET_DIR',
  /** The engine's profile as JSON (EngineProfile and recycle limits). */
  profile: 'REMUDA_WORKER_PROFILE',
  /** How long a job may still run after the worker was told to leave by a signal. */
  drainMs: 'REMUDA_DRAIN_MS',
  /** Minimum time between two snapshots of a turn, in ms; 0 takes none. */
  snapshotEveryMs: 'REMUDA_SNAPSHOT_EVERY_MS',
  workspace: 'REMUDA_WORKSPACE',
  home: 'REMUDA_HOME',
  /** Read-only folder of which the home gets a copy: what package managers have fetched before. */
  cache: 'REMUDA_CACHE',
  /** Claude Code's executable. */
  claude: 'REMUDA_CLAUDE',
  /** Numeric uid and gid of Claude Code, if the worker may change user. */
  engineUid: 'REMUDA_ENGINE_UID',
  engineGid: 'REMUDA_ENGINE_GID',
  /** Path of the socket at which the worker waits for its agent, if Claude Code runs in another container. */
  agentSocket: 'REMUDA_AGENT_SOCKET',
} as const;

/** What a worker has to know about its profile: the value of `workerEnv.profile`, as JSON. */
export interface WorkerProfile {
  /** Its format; absent: 1. */
  readonly v?: number;
  readonly name: string;
  readonly engine: EngineProfile;
  /** How Claude Code is driven; absent: `stream`. */
  readonly engineKind?: EngineKind;
  /** Jobs after which it leaves. */
  readonly afterJobs: number;
  /** The permission mode of the spare that it keeps at first; absent: none. */
  readonly spare?: PermissionMode;
  /** Script that prepares each workspace with files, for Bash; absent: none. */
  readonly prepare?: string;
}
