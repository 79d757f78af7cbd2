/** This machine's options for a Redis. */
export interface RedisFacts {
  /** The user's own, if one is named. */
  readonly url?: string;
  /** Path of a `redis-server` or `valkey-server`. */
  readonly server?: string;
  /** Whether a Docker engine answers to the `docker` command. */
  readonly docker: boolean;
  readonly root: boolean;
  /** Package managers found on PATH. */
  readonly managers: readonly PackageManager[];
}

/** A command and its arguments. */
export type Command = readonly [string, ...string[]];

/** One way to get a Redis. */
export type RedisWay =
  | { readonly kind: 'given'; readonly url: string }
  | { readonly kind: 'server'; readonly path: string }
  | { readonly kind: 'docker' }
  | { readonly kind: 'install'; readonly manager: PackageManager; readonly commands: readonly Command[] };

/** The Docker image of Redis. */
export const redisImage = 'redis:8';

const installs = {
  'apt-get': [
    ['apt-get', 'update', '-q'],
    ['apt-get', 'install', '-q', '-y', '--no-install-recommends', 'redis-server'],
  ],
  dnf: [['dnf', 'install', '-y', '/usr/bin/redis-server']],
  apk: [['apk', 'add', 'redis']],
  brew: [['brew', 'install', 'redis']],
} as const satisfies Record<string, readonly Command[]>;

/** A package manager that can install Redis. */
export type PackageManager = keyof typeof installs;

/** The supported managers, in order of preference. */
export const packageManagers = Object.keys(installs) as readonly PackageManager[];

/**
 * The ways to get a Redis, best first; the next is tried if one fails. A given Redis is the only way: another one in
 * its place would be a surprise. Only root uses the system's manager, and only other users use brew.
 */
export function planRedis(facts: RedisFacts): readonly RedisWay[] {
  if (facts.url !== undefined) return [{ kind: 'given', url: facts.url }];
  const manager = facts.managers.find((name) => (name === 'brew') !== facts.root);
  return [
    ...(facts.server === undefined ? [] : [{ kind: 'server', path: facts.server } as const]),
    ...(facts.docker ? [{ kind: 'docker' } as const] : []),
    ...(manager === undefined ? [] : [{ kind: 'install', manager, commands: installs[manager] } as const]),
  ];
}

/** Advice for a user for whom no way is left: one command to run. */
export function adviseRedis(facts: Pick<RedisFacts, 'managers'>): string {
  const manager = facts.managers[0];
  const command =
    manager === undefined
      ? `docker run -d -p 127.0.0.1:6379:6379 ${redisImage}, and set REMUDA_REDIS_URL=redis://127.0.0.1:6379`
      : installs[manager].map((words) => `${manager === 'brew' ? '' : 'sudo '}${words.join(' ')}`).join(' && ');
  return `Remuda needs Redis and found no way to start one. Run: ${command}`;
}
