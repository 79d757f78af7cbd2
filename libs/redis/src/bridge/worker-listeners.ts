import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { translateRedisError } from '../connection/redis-error.js';
import type { RedisKeys } from '../keys.js';

/** How long it is recorded that a worker's sockets exist, in seconds: its start takes less. */
const rememberedS = 120;

/**
 * Messages between schedulers and bridges about the sockets of workers: notifications by pub/sub, the state in keys.
 */
export class RedisWorkerListeners {
  private readonly redis: Redis;

  /** `listen` opens a connection of its own for notifications; only a bridge needs one. */
  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
    private readonly listen?: () => RedisConnection,
  ) {
    this.redis = clientOf(connection);
  }

  /** Notifies all bridges to check whether a worker is registered. */
  async say(worker: string): Promise<void> {
    await translated(this.redis.publish(this.keys.listeners, worker));
  }

  /** Whether the bridge of this folder of sockets has recently created those of a worker. */
  async areOpen(worker: string, socketDir: string): Promise<boolean> {
    return (await translated(this.redis.sismember(this.keys.listenersOf(worker), socketDir))) === 1;
  }

  /** Records that a worker's sockets exist. */
  async noteOpen(worker: string, socketDir: string): Promise<void> {
    const key = this.keys.listenersOf(worker);
    await translated(this.redis.multi().sadd(key, socketDir).expire(key, rememberedS).exec());
  }

  /** All registered workers. */
  async registered(): Promise<ReadonlySet<string>> {
    return new Set(await translated(this.redis.smembers(this.keys.workers)));
  }

  async isRegistered(worker: string): Promise<boolean> {
    return (await translated(this.redis.sismember(this.keys.workers, worker))) === 1;
  }

  /** The SHA-256, in hex, of a worker's credential; undefined if it has none, or is gone. */
  async credentialHash(worker: string): Promise<string | undefined> {
    return (await translated(this.redis.hget(this.keys.worker(worker), 'bridgeCredential'))) ?? undefined;
  }

  /**
   * Calls back with each worker that was added or removed, and without one if notifications may have been missed; the
   * returned function unsubscribes.
   */
  follow(onWord: (worker: string | undefined) => void): () => void {
    if (!this.listen) throw new TypeError('No connection to listen on.');
    const listening = clientOf(this.listen());
    listening.on('message', (_channel: string, worker: string) => {
      onWord(worker);
    });
    listening.on('ready', () => {
      listening.subscribe(this.keys.listeners).then(
        () => {
          onWord(undefined);
        },
        // The connection broke meanwhile: it is made again, and this with it.
        () => undefined,
      );
    });
    return () => {
      listening.disconnect();
    };
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
