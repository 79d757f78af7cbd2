import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostAndPort, integer, namespaceName, oneOf, sessionKeepMs, text, type Setting } from '@remuda/domain';
import { hostList, secretKeysSetting, vaultSettings } from '@remuda/runtime';
import { runtimeSettings } from './runtimes.js';

/** Every variable that the scheduler reads. */
export const schedulerSettings = {
  redisUrl: {
    env: 'REMUDA_REDIS_URL',
    about: 'URL of Redis.',
    unit: 'redis://, rediss:// or redis+unix:// URL',
    default: 'redis://127.0.0.1:6379',
    secret: true,
    parse: text,
  },
  namespace: {
    env: 'REMUDA_NAMESPACE',
    about: 'Hash tag of every Redis key. Clusters with different tags can share a Redis.',
    unit: 'word',
    default: 'remuda',
    parse: namespaceName,
  },
  host: {
    env: 'REMUDA_SCHEDULER_HOST',
    about: "Address of the scheduler's health and metrics.",
    unit: 'address',
    default: '127.0.0.1',
    parse: text,
  },
  port: {
    env: 'REMUDA_SCHEDULER_PORT',
    about: 'Port of health and metrics; 0 picks a free port.',
    unit: 'port',
    default: 7374,
    parse: integer(0, 65_535),
  },
  hosts: {
    env: 'REMUDA_SCHEDULER_HOSTS',
    about:
      'Host names, separated by commas, by which the scheduler is reached, in addition to localhost and its own addresses.',
    unit: 'list',
    default: [] as readonly string[],
    parse: hostList,
  },
  logLevel: {
    env: 'REMUDA_LOG_LEVEL',
    about: 'Minimum level of the log lines that are written.',
    unit: 'debug, info, warn, error, fatal or silent',
    default: 'info',
    parse: oneOf(['debug', 'info', 'warn', 'error', 'fatal', 'silent']),
  },
  profiles: {
    env: 'REMUDA_PROFILES',
    about: 'The profiles file. Without it there is one profile, `default`.',
    unit: 'path of a YAML file',
    parse: text,
  },
  tenants: {
    env: 'REMUDA_TENANTS',
    about: 'The tenants file, with weights and limits. Without it all tenants are equal and have no limits.',
    unit: 'path of a YAML file',
    parse: text,
  },
  ...runtimeSettings,
  apiHost: {
    env: 'REMUDA_API_HOST',
    about: 'Address on which the api listens, as set for the api. The `process` runtime needs a loopback address.',
    unit: 'address',
    default: '127.0.0.1',
    parse: text,
  },
  allowUnisolated: {
    env: 'REMUDA_ALLOW_UNISOLATED',
    about: '`1`: allow the `process` runtime even if the api can be reached from other machines.',
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  workerImage: {
    env: 'REMUDA_WORKER_IMAGE',
    about: 'Image of workers whose profile names none.',
    unit: 'image name',
    default: 'remuda-worker:latest',
    parse: text,
  },
  socketDir: {
    env: 'REMUDA_SOCKET_DIR',
    about:
      "Folder of the bridge's sockets, as set for the bridge. A worker is started once the bridge has created its subfolder.",
    unit: 'path of at most 77 characters',
    default: join(tmpdir(), `remuda-${process.getuid?.() ?? 0}`),
    parse: text,
  },
  bridge: {
    env: 'REMUDA_BRIDGE',
    about:
      'URL at which workers reach the bridge over the network: required for pods, optional for processes. By default they use sockets.',
    unit: 'https:// or http:// URL',
    default: undefined,
    parse: bridgeUrl,
  },
  bridgeCa: {
    env: 'REMUDA_BRIDGE_CA',
    about:
      'CA certificate of that bridge, passed to the workers. A file is read for each worker that starts. Default: the CAs that Node.js trusts.',
    unit: 'PEM, or the path of a file with it',
    default: undefined,
    parse: text,
  },
  enrolListen: {
    env: 'REMUDA_ENROL_LISTEN',
    about:
      'Address at which pods of another controller enrol as workers, with TLS; for profiles with `kubernetes.enrol`. Port 0 picks a free port.',
    unit: 'host:port',
    default: undefined,
    parse: hostAndPort,
  },
  enrolTlsCert: {
    env: 'REMUDA_ENROL_TLS_CERT',
    about: 'File with the certificate of REMUDA_ENROL_LISTEN and its chain, PEM. It is reloaded when it changes.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  enrolTlsKey: {
    env: 'REMUDA_ENROL_TLS_KEY',
    about: 'File with the key of that certificate, PEM. It is reloaded when it changes.',
    unit: 'path',
    default: undefined,
    parse: text,
  },
  enrolPlain: {
    env: 'REMUDA_ENROL_PLAIN',
    about: "`1`: REMUDA_ENROL_LISTEN does not use TLS. Traffic can be read in transit, including workers' accounts.",
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  secretKeys: secretKeysSetting,
  ...vaultSettings,
  acl: {
    env: 'REMUDA_REDIS_ACL',
    about: 'Whether each worker has its own Redis account, with access to its own keys only.',
    unit: 'on or off',
    default: 'on',
    parse: oneOf(['on', 'off']),
  },
  workersOnExit: {
    env: 'REMUDA_WORKERS_ON_EXIT',
    about:
      'What happens to the workers when the scheduler is stopped: they are kept for another scheduler, or removed.',
    unit: 'keep or remove',
    default: 'keep',
    parse: oneOf(['keep', 'remove']),
  },
  retentionDays: {
    env: 'REMUDA_RETENTION_DAYS',
    about: 'How long a job is kept after its end, with its events and its result.',
    unit: 'days (may be a fraction), at most 365',
    default: 7,
    parse: days,
  },
  retentionMb: {
    env: 'REMUDA_RETENTION_MB',
    about: 'Redis memory for all jobs that are over. Beyond it the oldest ones are deleted early. 0 for no limit.',
    unit: 'MiB',
    default: 4_096,
    parse: integer(0, 10_000_000),
  },
  recentMinutes: {
    env: 'REMUDA_RECENT_MINUTES',
    about:
      'How long a job stays in Redis after its end once the database has it. Dead letters stay for `REMUDA_RETENTION_DAYS`.',
    unit: 'minutes',
    default: 60,
    parse: integer(0, 525_600),
  },
  recentMb: {
    env: 'REMUDA_RECENT_MB',
    about:
      'Redis memory for all jobs that are over, where the database has them. Beyond it the oldest ones leave Redis early.',
    unit: 'MiB',
    default: 64,
    parse: integer(1, 10_000_000),
  },
  suspendAfter: {
    env: 'REMUDA_SUSPEND_AFTER',
    about:
      'Consecutive failed starts after which a profile is suspended: its jobs wait until it is resumed. 0 for never.',
    unit: 'starts',
    default: 5,
    parse: integer(0, 1_000),
  },
  sessionKeepMs: {
    env: 'REMUDA_SESSION_KEEP_MS',
    about:
      'For how long a session whose turns follow one another without a pause keeps its worker while others wait for one; then its next turn queues as they do.',
    unit: 'ms',
    default: sessionKeepMs,
    parse: integer(0, 86_400_000),
  },
  sessionDays: {
    env: 'REMUDA_SESSION_DAYS',
    about:
      'After so many days without a turn or a write a session is removed, with its snapshots; its jobs stay. 0 for never.',
    unit: 'days',
    default: 0,
    parse: integer(0, 3_650),
  },
  drainMs: {
    env: 'REMUDA_DRAIN_MS',
    about:
      'How long a job may still run after its worker was told to leave by a signal; then it goes back to the queue.',
    unit: 'ms',
    default: 10_000,
    parse: integer(0, 86_400_000),
  },
  warm: {
    env: 'REMUDA_WARM',
    about: 'Warm workers of a profile that does not set a number.',
    unit: 'workers',
    default: 2,
    parse: integer(0, 1_000),
  },
  max: {
    env: 'REMUDA_MAX_WORKERS',
    about: 'Maximum number of workers of a profile that does not set one. Default: two per core, at least 4.',
    unit: 'workers',
    default: Math.max(4, availableParallelism() * 2),
    parse: integer(1, 10_000),
  },
  snapshotEveryMs: {
    env: 'REMUDA_SNAPSHOT_EVERY_MS',
    about:
      'Minimum time between two snapshots of a running job, and so the most work that is lost with its worker. 0 takes none.',
    unit: 'ms',
    default: 5_000,
    parse: integer(0, 86_400_000),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** The origin of a bridge, without a path. */
function bridgeUrl(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const isOrigin = url?.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (!url || !isOrigin || !['http:', 'https:'].includes(url.protocol))
    throw new Error('expected a URL without a path, such as https://remuda-bridge:7443');
  return url;
}

function days(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number <= 365)) throw new Error('expected a number of days above 0, at most 365');
  return number;
}
