import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from './redis-connection.js';
import type { QueueLog } from './queue-log.js';
import { isBusy } from './redis-error.js';

/** A script that runs this long makes Redis answer all others with BUSY, in ms. */
const busyAfterMs = 500;

/**
 * Kills scripts that block Redis: an account keeps a hostile worker from others' keys, but not from running an endless
 * script. None of our own scripts comes near the limit. A script that has written cannot be killed; Redis says so.
 */
export class ScriptGuard {
  #lowered = false;
  private readonly redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly log: QueueLog,
  ) {
    this.redis = clientOf(connection);
  }

  /** Checks once; to be called more often than once a second. */
  async look(): Promise<void> {
    try {
      await this.#lower();
      await this.redis.ping();
    } catch (error) {
      if (!isBusy(error)) throw error;
      this.log.warn({}, 'a script blocks Redis and is killed');
      await this.redis.script('KILL');
    }
  }

  /** Stops checking. */
  close(): void {
    this.redis.disconnect();
  }

  /** By default Redis waits 5 s before it reports a running script, and allows killing it. */
  async #lower(): Promise<void> {
    if (this.#lowered) return;
    await this.redis.config('SET', 'busy-reply-threshold', busyAfterMs).catch((error: unknown) => {
      if (isBusy(error)) throw error;
      this.log.warn({ err: error }, 'busy-reply-threshold cannot be lowered: a blocking script is killed after 5 s');
    });
    this.#lowered = true;
  }
}
