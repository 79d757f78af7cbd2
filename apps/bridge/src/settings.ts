import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blobSettings, snapshotSettings } from '@remuda/blobs';
import {
  hostAndPort,
  integer,
  namespaceName,
  oneOf,
  readGitServices,
  readHostRules,
  readProtectedBranches,
  text,
  usualProtectedBranches,
  type Setting,
  type SettingsOf,
} from '@remuda/domain';
import { credentialSettings } from '@remuda/model';
import { parseRedisUrl } from '@remuda/redis';
import { hostList, logLevels } from '@remuda/runtime';

/** The bridge's environment. */
export const bridgeSettings = {
  namespace: {
    env: 'REMUDA_NAMESPACE',
    about: 'Prefix of every Redis key. Clusters with different prefixes can share a Redis.',
    unit: 'string',
    default: 'remuda',
    parse: namespaceName,
  },
  redisUrl: {
    env: 'REMUDA_REDIS_URL',
    about:
      'Redis for grants and usage counts, and for connections through `redis.sock`: `redis://`, `rediss://`, `redis+unix://` or `redis+sentinel://`.',
    unit: 'url',
    default: 'redis://127.0.0.1:6379',
    secret: true,
    parse: redisUrl,
  },
  socketDir: {
    env: 'REMUDA_SOCKET_DIR',
    about:
      "Folder of the workers' sockets. Each worker has its own subfolder, with `model.sock`, `git.sock`, `snapshot.sock`, `egress.sock` and `redis.sock`. Created if missing.",
    unit: 'path',
    default: join(tmpdir(), `remuda-${process.getuid?.() ?? 0}`),
    parse: text,
  },
  port: {
    env: 'REMUDA_BRIDGE_PORT',
    about:
      'TCP port on the loopback interface that serves the same as `model.sock`. Not opened by default; 0 picks a free port.',
    unit: 'port',
    default: undefined,
    parse: integer(0, 65_535),
  },
  sockets: {
    env: 'REMUDA_BRIDGE_SOCKETS',
    about: '`off`: no worker gets a folder of sockets; all of them use REMUDA_BRIDGE_LISTEN.',
    unit: 'on or off',
    default: 'on',
    parse: oneOf(['on', 'off']),
  },
  listen: {
    env: 'REMUDA_BRIDGE_LISTEN',
    about:
      'Address at which workers that share no folder with the bridge reach their listeners, over TLS. Not opened by default; port 0 picks a free port.',
    unit: 'host:port',
    default: undefined,
    parse: hostAndPort,
  },
  tlsCert: {
    env: 'REMUDA_BRIDGE_TLS_CERT',
    about: 'PEM file with the certificate of REMUDA_BRIDGE_LISTEN and its chain. Reloaded when it changes.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  tlsKey: {
    env: 'REMUDA_BRIDGE_TLS_KEY',
    about: 'PEM file with the key of that certificate. Reloaded when it changes.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  plain: {
    env: 'REMUDA_BRIDGE_PLAIN',
    about:
      '`1`: REMUDA_BRIDGE_LISTEN does not use TLS. Traffic can be read in transit, including jobs and credentials.',
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  adminHost: {
    env: 'REMUDA_BRIDGE_ADMIN_HOST',
    about: 'Address of `/metrics` and `/health`.',
    unit: 'address',
    default: '127.0.0.1',
    parse: text,
  },
  adminPort: {
    env: 'REMUDA_BRIDGE_ADMIN_PORT',
    about: 'TCP port of `/metrics` and `/health`. 0 picks a free port.',
    unit: 'port',
    default: 7073,
    parse: integer(0, 65_535),
  },
  hosts: {
    env: 'REMUDA_BRIDGE_HOSTS',
    about:
      'Host names, separated by commas, by which `/metrics` and `/health` are reached, in addition to localhost and their own addresses.',
    unit: 'list',
    default: [] as readonly string[],
    parse: hostList,
  },
  modelUrl: credentialSettings.modelUrl,
  connectTimeoutMs: {
    env: 'REMUDA_MODEL_CONNECT_TIMEOUT_MS',
    about: 'Timeout of connecting to the model. The answer itself is limited by the job only.',
    unit: 'ms',
    default: 10_000,
    parse: integer(1, 600_000),
  },
  modelBetas: {
    env: 'REMUDA_MODEL_BETAS',
    about:
      'Additional betas that jobs may request, by name without the date, separated by commas: for a Claude Code that is newer than this bridge.',
    unit: 'list',
    default: [],
    parse: names(/^[a-z0-9-]+$/),
  },
  modelFields: {
    env: 'REMUDA_MODEL_FIELDS',
    about:
      'Additional request fields that are passed on to the model unchecked, separated by commas: for a Claude Code that is newer than this bridge.',
    unit: 'list',
    default: [],
    parse: names(/^[a-z0-9_]+$/),
  },
  credential: credentialSettings.credential,
  apiKey: credentialSettings.apiKey,
  oauthToken: credentialSettings.oauthToken,
  mirrorDir: {
    env: 'REMUDA_MIRROR_DIR',
    about: "Folder of the mirrors of jobs' repositories. May be deleted while the bridge is stopped.",
    unit: 'path',
    default: join(tmpdir(), `remuda-${process.getuid?.() ?? 0}-mirrors`),
    parse: text,
  },
  gitTimeoutMs: {
    env: 'REMUDA_GIT_TIMEOUT_MS',
    about: 'Timeout of one fetch into a mirror.',
    unit: 'ms',
    default: 600_000,
    parse: integer(1_000, 86_400_000),
  },
  gitSilenceMs: {
    env: 'REMUDA_GIT_SILENCE_MS',
    about: 'Timeout of a fetch that makes no progress.',
    unit: 'ms',
    default: 60_000,
    parse: integer(1_000, 86_400_000),
  },
  mirrorTotalMb: {
    env: 'REMUDA_MIRROR_TOTAL_MB',
    about: 'Disk space for all mirrors together. The least recently used ones are removed.',
    unit: 'MiB',
    default: 10_240,
    parse: integer(1, 1_073_741_824),
  },
  gitHosts: {
    env: 'REMUDA_GIT_HOSTS',
    about:
      'Repository hosts that may be reached although their addresses are not public: names, `*.names`, addresses, blocks (`10.0.0.0/8`), separated by commas. Must be the same as for the api.',
    unit: 'list',
    default: [],
    parse: readHostRules,
  },
  gitProtected: {
    env: 'REMUDA_GIT_PROTECTED',
    about:
      'Branches to which no job may push, in addition to the default branch and the ref from which it started: names, with `*` for any characters, separated by commas. Must be the same as for the api.',
    unit: 'list',
    default: usualProtectedBranches,
    parse: readProtectedBranches,
  },
  gitServices: {
    env: 'REMUDA_GIT_SERVICES',
    about:
      'Hosts of your own that have pull requests, in addition to github.com and gitlab.com: `HOST=github` or `HOST=gitlab`, with `@URL` for an API elsewhere than at `/api/v3` or `/api/v4`, separated by commas.',
    unit: 'list',
    default: [],
    parse: readGitServices,
  },
  pushMaxMb: {
    env: 'REMUDA_PUSH_MAX_MB',
    about: 'Maximum size of the commits that a job pushes, packed, and of each file in them.',
    unit: 'MiB',
    default: 256,
    parse: integer(1, 1_048_576),
  },
  gitAllowFile: {
    env: 'REMUDA_GIT_ALLOW_FILE',
    about: '`1`: jobs may name repositories by a path on this machine.',
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  egressHosts: {
    env: 'REMUDA_EGRESS_HOSTS',
    about:
      'Hosts that jobs may reach although their addresses are private, separated by commas: names, `*.names`, addresses, blocks. Their profile has to name them as well.',
    unit: 'list',
    default: [],
    parse: readHostRules,
  },
  egressMaxMb: {
    env: 'REMUDA_EGRESS_MAX_MB',
    about:
      "Bytes that the tools of one attempt may exchange with a profile's `egress` hosts, in both directions together.",
    unit: 'MiB',
    default: 10_240,
    parse: integer(1, 1_073_741_824),
  },
  egressIdleMs: {
    env: 'REMUDA_EGRESS_IDLE_MS',
    about: 'A connection to such a host that transfers nothing for this long is closed.',
    unit: 'ms',
    default: 300_000,
    parse: integer(1_000, 86_400_000),
  },
  webhookHosts: {
    env: 'REMUDA_WEBHOOK_HOSTS',
    about:
      'Hosts to which webhooks may be sent although their addresses are private, or without TLS, separated by commas: names, `*.names`, addresses, blocks (`10.0.0.0/8`). Must be the same as for the api.',
    unit: 'list',
    default: [],
    parse: readHostRules,
  },
  secretsDir: {
    env: 'REMUDA_SECRETS_DIR',
    about:
      'Folder with the secrets that sign webhooks (usually `WEBHOOK_SECRET`) and by which commits are pushed, as files `<tenant>/<NAME>`. The default tenant has those in variables `REMUDA_SECRET_<NAME>` as well.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  ...blobSettings,
  ...snapshotSettings,
  snapshotKeepMs: {
    env: 'REMUDA_SNAPSHOT_KEEP_MS',
    about: 'Age at which a snapshot is removed, even if its job is not over.',
    unit: 'ms',
    default: 86_400_000,
    parse: integer(1_000, 31_536_000_000),
  },
  artifactsMaxMb: {
    env: 'REMUDA_ARTIFACTS_MAX_MB',
    about: "Maximum size of a job's artifacts. Larger ones are not kept.",
    unit: 'MiB',
    default: 256,
    parse: integer(1, 1_048_576),
  },
  artifactsTotalMb: {
    env: 'REMUDA_ARTIFACTS_TOTAL_MB',
    about: 'Disk space for the artifacts of all jobs together. When it is used up, no more are kept.',
    unit: 'MiB',
    default: 10_240,
    parse: integer(1, 1_073_741_824),
  },
  artifactsKeepMs: {
    env: 'REMUDA_ARTIFACTS_KEEP_MS',
    about: 'Age at which artifacts are removed.',
    unit: 'ms',
    default: 2_592_000_000,
    parse: integer(1_000, 31_536_000_000),
  },
  uploadKeepMs: {
    env: 'REMUDA_UPLOAD_KEEP_MS',
    about: 'How long an upload is kept that no waiting or running job begins with.',
    unit: 'ms',
    default: 604_800_000,
    parse: integer(1_000, 31_536_000_000),
  },
  logLevel: {
    env: 'REMUDA_LOG_LEVEL',
    about: 'Minimum level of the log lines that are written.',
    unit: 'word',
    default: 'info',
    parse: oneOf(logLevels),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** The checked settings. */
export type BridgeSettings = SettingsOf<typeof bridgeSettings>;

/** A URL that `connectRedis` accepts; the fault does not repeat it, since it may contain a password. */
function redisUrl(value: string): string {
  parseRedisUrl(value);
  return value;
}

/** Names, separated by commas. */
function names(shape: RegExp): (value: string) => readonly string[] {
  return (value) => {
    const list = value.split(',').map((name) => name.trim());
    if (!list.every((name) => shape.test(name)))
      throw new Error(`expected names matching ${shape.source}, separated by commas`);
    return list;
  };
}
