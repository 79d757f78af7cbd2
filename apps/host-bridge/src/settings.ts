import { homedir } from 'node:os';
import { join } from 'node:path';
import { hostAndPort, integer, isId, namespaceName, oneOf, text, type SettingsOf } from '@remuda/domain';
import { parseRedisUrl } from '@remuda/redis';
import { hostList, logLevels } from '@remuda/runtime';

/** The host bridge's environment. */
export const hostBridgeSettings = {
  clientsFile: {
    env: 'REMUDA_HOST_BRIDGE_CLIENTS',
    about: 'JSON file that says who may use the bridge, and for what. Without it the bridge does not start.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  socket: {
    env: 'REMUDA_HOST_BRIDGE_SOCKET',
    about: 'Socket of the clients that have a token. Only opened if there are any.',
    unit: 'path',
    default: '/var/run/claude-code-bridge.sock',
    parse: text,
  },
  stateDir: {
    env: 'REMUDA_HOST_BRIDGE_STATE',
    about: "Folder of the clients' homes, with their sessions, and of the audit log. Created if missing.",
    unit: 'path',
    default: join(homedir(), '.local/state/remuda-host-bridge'),
    parse: text,
  },
  name: {
    env: 'REMUDA_HOST_BRIDGE_NAME',
    about: 'Name of this bridge in `GET /api/v1/bridges`.',
    unit: 'id',
    default: 'host',
    parse: idText,
  },
  redisUrl: {
    env: 'REMUDA_REDIS_URL',
    about: 'Redis to which the bridge reports its status. By default it reports to nobody.',
    unit: 'url',
    default: undefined,
    secret: true,
    parse: redisUrl,
  },
  namespace: {
    env: 'REMUDA_NAMESPACE',
    about: 'Prefix of its keys there.',
    unit: 'string',
    default: 'remuda',
    parse: namespaceName,
  },
  claude: {
    env: 'REMUDA_HOST_CLAUDE',
    about: 'Path of Claude Code. By default the `claude` on PATH.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  unsandboxed: {
    env: 'REMUDA_ALLOW_UNSANDBOXED',
    about:
      '`1`: without bubblewrap (`bwrap`), Claude Code runs as the user of the bridge and can read everything that this user can.',
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  running: {
    env: 'REMUDA_HOST_BRIDGE_RUNNING',
    about: 'Runs at a time, of all clients.',
    unit: 'count',
    default: 8,
    parse: integer(1, 1_000),
  },
  waiting: {
    env: 'REMUDA_HOST_BRIDGE_WAITING',
    about: 'Runs that may wait for their turn, of all clients. More are refused.',
    unit: 'count',
    default: 200,
    parse: integer(0, 10_000),
  },
  stalledMs: {
    env: 'REMUDA_HOST_BRIDGE_STALLED_MS',
    about: 'How long a client may leave output unread before its run is ended.',
    unit: 'ms',
    default: 600_000,
    parse: integer(1_000, 86_400_000),
  },
  auditMaxMb: {
    env: 'REMUDA_HOST_BRIDGE_AUDIT_MB',
    about: 'Size at which the audit log is put aside and a new file is begun.',
    unit: 'MiB',
    default: 16,
    parse: integer(1, 1_024),
  },
  auditKeep: {
    env: 'REMUDA_HOST_BRIDGE_AUDIT_FILES',
    about: 'Audit log files that are kept beside the current one.',
    unit: 'count',
    default: 8,
    parse: integer(1, 100),
  },
  listen: {
    env: 'REMUDA_HOST_BRIDGE_LISTEN',
    about: 'Address for clients on other hosts, over TLS with certificates of both sides. Not opened by default.',
    unit: 'host:port',
    default: undefined,
    parse: hostAndPort,
  },
  forwardTo: {
    env: 'REMUDA_HOST_BRIDGE_FORWARD',
    about:
      'Address of the bridge of another host. This process then only passes REMUDA_HOST_BRIDGE_SOCKET on to it, with its certificate.',
    unit: 'host:port',
    default: undefined,
    parse: hostAndPort,
  },
  tlsCert: {
    env: 'REMUDA_HOST_BRIDGE_TLS_CERT',
    about: 'PEM file with the certificate of this side, and its chain.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  tlsKey: {
    env: 'REMUDA_HOST_BRIDGE_TLS_KEY',
    about: 'PEM file with its key.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  tlsCa: {
    env: 'REMUDA_HOST_BRIDGE_TLS_CA',
    about: 'PEM file with the authority that certifies the other side.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  adminPort: {
    env: 'REMUDA_HOST_BRIDGE_ADMIN_PORT',
    about: 'TCP port of `/metrics` and `/health` on the loopback interface. 0 picks a free port.',
    unit: 'port',
    default: 7074,
    parse: integer(0, 65_535),
  },
  hosts: {
    env: 'REMUDA_HOST_BRIDGE_HOSTS',
    about: 'Host names, separated by commas, by which `/metrics` and `/health` are reached, in addition to localhost.',
    unit: 'list',
    default: [] as readonly string[],
    parse: hostList,
  },
  modelUrl: {
    env: 'REMUDA_MODEL_URL',
    about: 'Base URL of the Messages API.',
    unit: 'url',
    default: new URL('https://api.anthropic.com'),
    parse: modelUrl,
  },
  connectTimeoutMs: {
    env: 'REMUDA_MODEL_CONNECT_TIMEOUT_MS',
    about: 'Timeout of connecting to the model.',
    unit: 'ms',
    default: 10_000,
    parse: integer(1, 600_000),
  },
  credential: {
    env: 'REMUDA_MODEL_CREDENTIAL',
    about: '`none`: your own model needs no credential.',
    unit: 'flag',
    default: undefined,
    parse: oneOf(['none']),
  },
  apiKey: {
    env: 'ANTHROPIC_API_KEY',
    about: 'API key of the model. Stays in the bridge.',
    unit: 'string',
    default: undefined,
    secret: true,
    parse: text,
  },
  oauthToken: {
    env: 'CLAUDE_CODE_OAUTH_TOKEN',
    about: 'Token by `claude setup-token`. Without both, the login of the Claude Code on this host is used.',
    unit: 'string',
    default: undefined,
    secret: true,
    parse: text,
  },
  configDir: {
    env: 'CLAUDE_CONFIG_DIR',
    about: "Folder of the host's own Claude Code, with its login.",
    unit: 'path',
    default: join(homedir(), '.claude'),
    parse: text,
  },
  logLevel: {
    env: 'REMUDA_LOG_LEVEL',
    about: 'Minimum level of the log lines that are written.',
    unit: logLevels.join(', '),
    default: 'info',
    parse: oneOf(logLevels),
  },
} as const;

/** The host bridge's settings. */
export type HostBridgeSettings = SettingsOf<typeof hostBridgeSettings>;

function idText(value: string): string {
  if (!isId(value)) throw new Error('expected lower-case letters, digits and dashes');
  return value;
}

function redisUrl(value: string): string {
  parseRedisUrl(value);
  return value;
}

function modelUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new Error('expected an http: or https: URL');
  return url;
}
