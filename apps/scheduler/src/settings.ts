import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { integer, namespaceName, oneOf, text, type Setting } from '@remuda/domain';
import { hostList } from '@remuda/runtime';
import { runtimeSettings } from './runtimes.js';

/** Every variable that the scheduler reads. */
export const schedulerSettings = {
  redisUrl: {
    env: 'REMUDA_REDIS_URL',
    about: 'Where Redis is.',
    unit: 'redis://, rediss:// or redis+unix:// URL',
    default: 'redis://127.0.0.1:6379',
    secret: true,
    parse: text,
  },
  namespace: {
    env: 'REMUDA_NAMESPACE',
    about: 'Hash tag of every key: clusters with different ones share a Redis without meeting.',
    unit: 'word',
    default: 'remuda',
    parse: namespaceName,
  },
  host: {
    env: 'REMUDA_SCHEDULER_HOST',
    about: 'Where the scheduler serves its health and metrics.',
    unit: 'address',
    default: '127.0.0.1',
    parse: text,
  },
  port: {
    env: 'REMUDA_SCHEDULER_PORT',
    about: 'Port of health and metrics; 0 takes a free one.',
    unit: 'port',
    default: 7374,
    parse: integer(0, 65_535),
  },
  hosts: {
    env: 'REMUDA_SCHEDULER_HOSTS',
    about: 'Names, separated by commas, by which the scheduler is reached, besides localhost and its own addresses.',
    unit: 'list',
    default: [] as readonly string[],
    parse: hostList,
  },
  logLevel: {
    env: 'REMUDA_LOG_LEVEL',
    about: 'From which level on lines are written.',
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
  ...runtimeSettings,
  apiHost: {
    env: 'REMUDA_API_HOST',
    about: 'Where the api listens, the same as the api has. The `process` runtime is for a loopback address.',
    unit: 'address',
    default: '127.0.0.1',
    parse: text,
  },
  allowUnisolated: {
    env: 'REMUDA_ALLOW_UNISOLATED',
    about: '`1`: the `process` runtime starts also where the api can be reached from elsewhere.',
    unit: 'flag',
    default: undefined,
    parse: oneOf(['1']),
  },
  workerImage: {
    env: 'REMUDA_WORKER_IMAGE',
    about: 'Image of the workers whose profile names none.',
    unit: 'image name',
    default: 'remuda-worker:latest',
    parse: text,
  },
  socketDir: {
    env: 'REMUDA_SOCKET_DIR',
    about:
      "Folder of the bridge's sockets, the same as the bridge has. A worker is started once the bridge has made its own folder in it.",
    unit: 'path of at most 77 characters',
    default: join(tmpdir(), `remuda-${process.getuid?.() ?? 0}`),
    parse: text,
  },
  bridge: {
    env: 'REMUDA_BRIDGE',
    about:
      'The bridge as workers reach it over the network: in pods, and where it is set in processes as well. Without it by sockets.',
    unit: 'https:// or http:// URL',
    default: undefined,
    parse: bridgeUrl,
  },
  bridgeCa: {
    env: 'REMUDA_BRIDGE_CA',
    about:
      "Who signed that bridge's certificate; workers are given it. A file is read for each worker that starts. Default: who is known to Node.js.",
    unit: 'PEM, or the path of a file with it',
    default: undefined,
    parse: text,
  },
  acl: {
    env: 'REMUDA_REDIS_ACL',
    about: 'Whether each worker has an account of its own at Redis, with no rights beyond its own keys.',
    unit: 'on or off',
    default: 'on',
    parse: oneOf(['on', 'off']),
  },
  workersOnExit: {
    env: 'REMUDA_WORKERS_ON_EXIT',
    about:
      'What becomes of the workers when the scheduler is stopped: another scheduler takes them over, or they are removed.',
    unit: 'keep or remove',
    default: 'keep',
    parse: oneOf(['keep', 'remove']),
  },
  retentionDays: {
    env: 'REMUDA_RETENTION_DAYS',
    about: 'How long a job that is over is kept, with its events and its result.',
    unit: 'days, also a part of one; at most 365',
    default: 7,
    parse: days,
  },
  retentionMb: {
    env: 'REMUDA_RETENTION_MB',
    about:
      'What jobs that are over may take of Redis together; beyond that the oldest go before their time. 0 for no limit.',
    unit: 'MiB',
    default: 4_096,
    parse: integer(0, 10_000_000),
  },
  suspendAfter: {
    env: 'REMUDA_SUSPEND_AFTER',
    about:
      'Starts in a row that have to fail for a profile to be suspended: its jobs wait until it is resumed. 0 for never.',
    unit: 'starts',
    default: 5,
    parse: integer(0, 1_000),
  },
  drainMs: {
    env: 'REMUDA_DRAIN_MS',
    about: 'What a job may still take when its worker is told to leave by a signal; then it goes back to the queue.',
    unit: 'ms',
    default: 10_000,
    parse: integer(0, 86_400_000),
  },
  warm: {
    env: 'REMUDA_WARM',
    about: 'Warm workers of a profile that names no number.',
    unit: 'workers',
    default: 2,
    parse: integer(0, 1_000),
  },
  max: {
    env: 'REMUDA_MAX_WORKERS',
    about: 'Most workers of a profile that names no number. Default: two per core, at least 4.',
    unit: 'workers',
    default: Math.max(4, availableParallelism() * 2),
    parse: integer(1, 10_000),
  },
  snapshotEveryMs: {
    env: 'REMUDA_SNAPSHOT_EVERY_MS',
    about:
      'Shortest time between two snapshots of a running job: at most so much of it is lost with its worker. 0: none is taken.',
    unit: 'ms',
    default: 5_000,
    parse: integer(0, 86_400_000),
  },
} as const satisfies Record<string, Setting<unknown>>;

/** The origin of a bridge: it has no path. */
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
