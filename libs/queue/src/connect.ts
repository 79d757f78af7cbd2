import { Redis } from 'ioredis';
import { RemudaError } from '@remuda/domain';

/** A connection to Redis. */
export type RedisConnection = Redis;

/** How a connection behaves while Redis is away. */
export interface ConnectOptions {
  /** Client name, seen in `CLIENT LIST`. */
  readonly name: string;
  /**
   * `wait`: commands are kept until Redis is back (schedulers, workers). `fail`: they are refused at once
   * (requests of clients, who can try again themselves). Default `wait`.
   */
  readonly whileDown?: 'wait' | 'fail';
  /** Sends the commands of one tick together: fewer system calls, at no delay. Default true. */
  readonly batch?: boolean;
}

/** Longest pause between two attempts to reconnect. BullMQ's own default waits up to 20 s, and so long after an outage. */
const maxReconnectPauseMs = 500;

/**
 * Opens a connection; it reconnects by itself for ever. The URL is `redis://[user:password@]host:port[/db]`,
 * `rediss://…`, or `redis+unix://[user:password@]/path/of.sock[?db=n]`. An unusable URL is `config.invalid`.
 */
export function connectRedis(url: string, options: ConnectOptions): Redis {
  const redis = new Redis({
    ...parseRedisUrl(url),
    connectionName: options.name,
    retryStrategy: (times) => Math.min(50 * times, maxReconnectPauseMs),
    enableAutoPipelining: options.batch ?? true,
    keepAlive: 30_000,
    ...(options.whileDown === 'fail'
      ? { maxRetriesPerRequest: 0, enableOfflineQueue: false, connectTimeout: 1_000, commandTimeout: 2_000 }
      : { maxRetriesPerRequest: null }),
  });
  // Without a listener ioredis throws; who uses the connection learns of an outage by its commands.
  redis.on('error', () => undefined);
  redis.setMaxListeners(0);
  return redis;
}

/** Where a Redis is, and as whom to speak to it. */
export interface RedisAddress {
  readonly host?: string;
  readonly port?: number;
  /** Unix socket, instead of host and port. */
  readonly path?: string;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  readonly tls?: Record<string, never>;
}

/** The address, user and database that a URL names. */
export function parseRedisUrl(url: string): RedisAddress {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new RemudaError('config.invalid', `REMUDA_REDIS_URL is no URL: ${JSON.stringify(withoutPassword(url))}`);
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
      `REMUDA_REDIS_URL begins with redis://, rediss:// or redis+unix://, not ${parsed.protocol}//`,
    );
  return {
    host: parsed.hostname || '127.0.0.1',
    port: Number(parsed.port || 6379),
    db: Number(parsed.pathname.slice(1) || 0),
    ...account,
    ...(parsed.protocol === 'rediss:' ? { tls: {} } : {}),
  };
}

function withoutPassword(url: string): string {
  return url.replace(/:[^:@/]*@/, ':***@');
}

/** What a failed command means to whoever asked: `redis.full`, `redis.unavailable`, or the error itself. */
export function translateRedisError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof RemudaError) return error;
  if (error.message.startsWith('OOM'))
    return new RemudaError('redis.full', 'Redis has no memory left for further jobs.', {
      cause: error,
      retryAfterMs: 5_000,
    });
  if (isOutage(error))
    return new RemudaError('redis.unavailable', 'Redis does not answer.', { cause: error, retryAfterMs: 1_000 });
  return error;
}

const outage =
  /Connection is closed|Stream isn't writeable|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|max retries per request|Command timed out|LOADING|BUSY |READONLY|MASTERDOWN|CLUSTERDOWN|Socket closed|WRONGPASS|NOAUTH/i;

/** Whether an error says that Redis is away, loading, or no master at this moment. */
export function isOutage(error: unknown): boolean {
  return error instanceof Error && (error.name === 'MaxRetriesPerRequestError' || outage.test(error.message));
}

/** Whether Redis is there, and has no time: a script runs, or it still reads its data. */
export function isBusy(error: unknown): boolean {
  return error instanceof Error && /\b(BUSY|LOADING) /.test(error.message);
}
