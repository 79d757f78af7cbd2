import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineKinds, integer, namespaceName, oneOf, text, type Setting } from '@remuda/domain';
import {
  formatsText,
  isRecord,
  isUnderstood,
  messageFormats,
  parseJson,
  workerEnv,
  type WorkerProfile,
} from '@remuda/protocol';

/** Every variable that a worker reads. Its scheduler sets them. */
export const workerSettings = {
  id: { env: workerEnv.id, about: "The worker's id.", unit: 'id', parse: text },
  namespace: {
    env: workerEnv.namespace,
    about: 'Hash tag of every key.',
    unit: 'word',
    default: 'remuda',
    parse: namespaceName,
  },
  redisUrl: {
    env: workerEnv.redisUrl,
    about: "Where Redis is, with the worker's own account.",
    unit: 'URL',
    secret: true,
    parse: text,
  },
  bridge: {
    env: workerEnv.bridge,
    about: 'Address of the bridge: its model socket, or its URL on the network.',
    unit: '`unix:` and the path of a socket, or a base URL',
    parse: text,
  },
  bridgeCredential: {
    env: workerEnv.bridgeCredential,
    about: 'Key with which the worker authenticates to a bridge over the network.',
    unit: 'string',
    secret: true,
    parse: text,
  },
  bridgeCa: {
    env: workerEnv.bridgeCa,
    about: 'CA certificate of that bridge. Default: the CAs that Node.js trusts.',
    unit: 'PEM, or the path of a file with it',
    parse: pem,
  },
  socketDir: {
    env: workerEnv.socketDir,
    about: 'Folder in which the worker then creates the sockets that lead there.',
    unit: 'path',
    default: '/run/remuda',
    parse: text,
  },
  profile: {
    env: workerEnv.profile,
    about: 'What the worker has to know about its profile.',
    unit: 'JSON',
    parse: profile,
  },
  drainMs: {
    env: workerEnv.drainMs,
    about: 'How long a job may still run after the worker was told to leave by a signal.',
    unit: 'ms',
    default: 10_000,
    parse: integer(0, 86_400_000),
  },
  enrol: {
    env: 'REMUDA_ENROL',
    about:
      'Scheduler at which the worker enrols, where another controller created its pod; the answer sets the variables above. Default: its scheduler started it.',
    unit: 'https:// or http:// URL',
    parse: origin,
  },
  enrolCa: {
    env: 'REMUDA_ENROL_CA',
    about: 'CA certificate of that scheduler. Default: the CAs that Node.js trusts.',
    unit: 'PEM, or the path of a file with it',
    parse: pem,
  },
  enrolProfile: {
    env: 'REMUDA_ENROL_PROFILE',
    about: 'Profile for which it enrols.',
    unit: 'name',
    default: 'default',
    parse: text,
  },
  enrolTokenFile: {
    env: 'REMUDA_ENROL_TOKEN_FILE',
    about: "File with the token of the pod's service account, for the audience `remuda`.",
    unit: 'path',
    default: '/var/run/secrets/remuda/token',
    parse: text,
  },
  enrolledFile: {
    env: 'REMUDA_ENROLLED_FILE',
    about: 'File that is written once it has enrolled, for a readiness probe.',
    unit: 'path',
    default: '/run/remuda/enrolled',
    parse: text,
  },
  workspace: {
    env: workerEnv.workspace,
    about: 'Folder in which jobs work.',
    unit: 'path',
    default: '/workspace',
    parse: text,
  },
  home: { env: workerEnv.home, about: "Claude Code's home.", unit: 'path', default: '/home/claude', parse: text },
  cache: {
    env: workerEnv.cache,
    about:
      'Read-only folder laid out as a home, of which each home gets a copy: what package managers have fetched before. Default: none.',
    unit: 'path',
    parse: text,
  },
  claude: {
    env: workerEnv.claude,
    about: "Claude Code's executable.",
    unit: 'path',
    default: '/usr/local/bin/claude',
    parse: text,
  },
  engineUid: {
    env: workerEnv.engineUid,
    about: "User as whom Claude Code runs. Default: the worker's own.",
    unit: 'uid',
    parse: integer(0, 4_294_967_294),
  },
  engineGid: {
    env: workerEnv.engineGid,
    about: "Group as which Claude Code runs. Default: the worker's own.",
    unit: 'gid',
    parse: integer(0, 4_294_967_294),
  },
  agentSocket: {
    env: workerEnv.agentSocket,
    about:
      'Socket at which the worker waits for the agent that runs Claude Code in another container. By default Claude Code runs in this one.',
    unit: 'path',
    parse: text,
  },
  workspaceName: {
    env: 'WORKSPACE_NAME',
    about: 'Name in the names of the tmux sessions of the engine `tmux`: `claude-` and this.',
    unit: 'word',
    default: 'cc-bridge',
    parse: word,
  },
  responses: {
    env: 'REMUDA_RESPONSES',
    about:
      'Folder in which the Stop hook of the engine `tmux` writes `<id of the job>.json`; Claude Code has to be able to write there.',
    unit: 'path',
    parse: text,
  },
  callbackUrl: {
    env: 'GATEWAY_CALLBACK_URL',
    about: 'Where the worker calls back at the end of a turn of the engine `tmux`. Default: its bridge, if it has one.',
    unit: 'https:// or http:// URL',
    parse: webAddress,
  },
  callbackFolder: {
    env: 'REMUDA_CALLBACK_FOLDER',
    about: 'Folder in which callbacks wait while the gateway is away.',
    unit: 'path',
    default: join(tmpdir(), 'remuda-callbacks'),
    parse: text,
  },
  snapshotEveryMs: {
    env: workerEnv.snapshotEveryMs,
    about: 'Minimum time between two snapshots of a turn; 0 takes none.',
    unit: 'ms',
    default: 5_000,
    parse: integer(0, 86_400_000),
  },
  logLevel: {
    env: 'REMUDA_LOG_LEVEL',
    about: 'Minimum level of the log lines that are written.',
    unit: 'debug, info, warn, error, fatal or silent',
    default: 'info',
    parse: oneOf(['debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** A URL with or without a path. */
function webAddress(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new Error('expected an http:// or https:// URL');
  return url;
}

/** A URL without a path. */
function origin(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new Error('expected a URL without a path, such as https://remuda-scheduler:7475');
  return url;
}

/** PEM, or the contents of a PEM file. */
function pem(value: string): string {
  const found = value.includes('-----BEGIN') ? value : readFileSync(value, 'utf8');
  if (!found.includes('-----BEGIN CERTIFICATE-----'))
    throw new Error('expected certificates as PEM, or a file with them');
  return found;
}

function profile(value: string): WorkerProfile {
  const parsed = parseJson(value);
  if (isRecord(parsed) && !isUnderstood(parsed['v']))
    throw new Error(`it has the format ${String(parsed['v'])}, and this worker knows ${formatsText(messageFormats)}`);
  if (!isRecord(parsed) || !isRecord(parsed['engine']) || typeof parsed['afterJobs'] !== 'number')
    throw new Error('expected a profile as a scheduler writes it');
  const { engineKind } = parsed;
  if (engineKind !== undefined && !engineKinds.some((kind) => kind === engineKind))
    throw new Error(
      `it has the engine ${JSON.stringify(engineKind)}, and this worker knows ${engineKinds.join(' and ')}`,
    );
  return parsed as unknown as WorkerProfile;
}

/** A name that can be part of a path. */
export function word(value: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/.test(value))
    throw new Error('expected 1 to 64 letters, digits, dashes or underscores');
  return value;
}
