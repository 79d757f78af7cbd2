import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from './redis-connection.js';
import type { QueueLog } from './queue-log.js';
import { isBusy } from './redis-error.js';

/** A script that runs this long makes Redis answer everybody else with BUSY, in ms. */
const busyAfterMs = 500;

/**
 * Ends scripts that block Redis: an account keeps a hostile worker from others' keys, not from running a script without end.
 * None of our own scripts comes near the limit. One that has written can't be ended; Redis says so.
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

  /** Looks once; to be called more often than once a second. */
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

  /** Looks no more. */
  close(): void {
    this.redis.disconnect();
  }

  /** Redis waits 5 s by default before it lets anybody know, and end, a script that runs. */
  async #lower(): Promise<void> {
    if (this.#lowered) return;
    await this.redis.config('SET', 'busy-reply-threshold', busyAfterMs).catch((error: unknown) => {
      if (isBusy(error)) throw error;
      this.log.warn({ err: error }, 'busy-reply-threshold cannot be lowered: a blocking script is killed after 5 s');
    });
    this.#lowered = true;
  }
}
