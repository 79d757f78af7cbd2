import type { Redis } from 'ioredis';
import { RemudaError } from '@remuda/domain';
import { openConnection } from './connection.js';
import type { QueueLog } from './queue-log.js';
import { connectionOf, type RedisConnection } from './redis-connection.js';

/** Behaviour of a connection during an outage of Redis. */
export interface ConnectOptions {
  /** Client name, seen in `CLIENT LIST`. */
  readonly name: string;
  /**
   * `wait`: commands are queued until Redis is back (schedulers, workers). `fail`: they are refused at once (requests
   * of clients, which can retry themselves). Default `wait`.
   */
  readonly whileDown?: 'wait' | 'fail';
  /** Log for the errors that users of the connection ignore. */
  readonly log?: QueueLog;
}

/**
 * Maximum delay between two reconnection attempts, in ms. After an outage it applies twice before a job is assigned: a
 * worker's account must exist again before the worker itself connects. BullMQ's own default is up to 20 s.
 */
const maxReconnectPauseMs = 200;

/**
 * Opens a connection that reconnects for ever. The URL is `redis://[user:password@]host:port[/db]`, `rediss://…`,
 * `redis+unix://[user:password@]/path/of.sock[?db=n]`, or
 * `redis+sentinel://[user:password@]host:port,host:port/master-name[/db]`, which connects to the master that the
 * sentinels report, and to the next one after a failover. An invalid URL is `config.invalid`.
 */
export function connectRedis(url: string, options: ConnectOptions): RedisConnection {
  return connectionOf(openRedis(url, options));
}

/** The client of such a connection. */
export function openRedis(url: string, options: ConnectOptions): Redis {
  const { sentinels, ...address } = parseRedisUrl(url);
  const redisOptions = {
    ...address,
    ...(sentinels ? { sentinels: [...sentinels], sentinelRetryStrategy: pauseMs } : {}),
    connectionName: options.name,
    // Library and version are not needed, and a worker's account may not set them.
    disableClientInfo: true,
    retryStrategy: pauseMs,
    keepAlive: 30_000,
    // The previous master may be a replica by now without reporting it.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(options.whileDown === 'fail'
      ? { maxRetriesPerRequest: 0, enableOfflineQueue: false, connectTimeout: 1_000, commandTimeout: 2_000 }
      : { maxRetriesPerRequest: null }),
  };
  return openConnection(redisOptions, options.log);
}

const pauseMs = (times: number): number => Math.min(50 * times, maxReconnectPauseMs);

/** The address of a Redis, and the credentials. */
export interface RedisAddress {
  readonly host?: string;
  readonly port?: number;
  /** Unix socket, instead of host and port. */
  readonly path?: string;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: Record<string, never>;
  /** The sentinels to ask for the master, instead of host and port; and its name. */
  readonly sentinels?: readonly { readonly host: string; readonly port: number }[];
  readonly name?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
}

/** The address, user and database that a URL names. */
export function parseRedisUrl(url: string): RedisAddress {
  if (url.startsWith('redis+sentinel:')) return parseSentinelUrl(url);
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new RemudaError(
      'config.invalid',
      `REMUDA_REDIS_URL is not a valid URL: ${JSON.stringify(withoutPassword(url))}`,
    );
  }
  const account = {
    ...(parsed.username ? { username: decodeURIComponent(parsed.username) } : {}),
    ...(parsed.password ? { password: decodeURIComponent(parsed.password) } : {}),
  };
  if (parsed.protocol === 'redis+unix:')
    return { path: decodeURIComponent(parsed.pathname), db: Number(parsed.searchParams.get('db') ?? 0), ...account };
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:')
    throw new RemudaError(
      'config.invalid',
      `REMUDA_REDIS_URL must begin with redis://, rediss://, redis+unix:// or redis+sentinel://, not ${parsed.protocol}//`,
    );
  return {
    host: parsed.hostname || '127.0.0.1',
    port: Number(parsed.port || 6379),
    db: Number(parsed.pathname.slice(1) || 0),
    ...account,
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

const sentinelUrl = /^redis\+sentinel:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^@/?]+)\/([\w.-]+)(?:\/(\d+))?(?:\?([^#]*))?$/;

/** Several hosts are not valid in a standard URL, which allows one. */
function parseSentinelUrl(url: string): RedisAddress {
  const [, username, password, hosts = '', name, db = '0', query] = sentinelUrl.exec(url) ?? [];
  const sentinels = hosts.split(',').map(sentinelAt);
  if (name === undefined || sentinels.some(({ host, port }) => host === '' || !(port > 0 && port < 65_536)))
    throw new RemudaError(
      'config.invalid',
      `REMUDA_REDIS_URL is not redis+sentinel://[user:password@]host:port,host:port/master-name[/db]: ${JSON.stringify(withoutPassword(url))}`,
    );
  const asked = new URLSearchParams(query);
  const [sentinelUsername, sentinelPassword] = [asked.get('sentinelUser'), asked.get('sentinelPassword')];
  return {
    sentinels,
    name,
    db: Number(db),
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(sentinelUsername ? { sentinelUsername } : {}),
    ...(sentinelPassword ? { sentinelPassword } : {}),
  };
}

/** `host`, `host:port` or `[v6]:port`. */
function sentinelAt(text: string): { readonly host: string; readonly port: number } {
  const [, v6, host = '', port = '26379'] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text) ?? [];
  return { host: v6 ?? host, port: Number(port) };
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ':***@');
}
