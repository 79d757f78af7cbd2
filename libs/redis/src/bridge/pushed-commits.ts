import type { Redis } from 'ioredis';
import { clientOf, type RedisConnection } from '../connection/redis-connection.js';
import { translateRedisError } from '../connection/redis-error.js';
import type { RedisKeys } from '../keys.js';

/** How long it is known after its last push what a session or a job has pushed, in seconds: 30 days. */
const rememberedS = 30 * 24 * 60 * 60;

/** The commits that were pushed for a session, or for a job. Every call rejects with `redis.unavailable` in an outage. */
export class RedisPushedCommits {
  readonly #redis: Redis;

  constructor(
    connection: RedisConnection,
    private readonly keys: RedisKeys,
  ) {
    this.#redis = clientOf(connection);
  }

  /** Records that a commit is about to be pushed. */
  async note(owner: string, commit: string): Promise<void> {
    const key = this.keys.pushed(owner);
    const answers = await translated(this.#redis.multi().sadd(key, commit).expire(key, rememberedS).exec());
    const [error] = answers?.find(([fault]) => fault !== null) ?? [];
    if (error) throw translateRedisError(error);
  }

  /** Whether it was recorded. */
  async has(owner: string, commit: string): Promise<boolean> {
    return (await translated(this.#redis.sismember(this.keys.pushed(owner), commit))) === 1;
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateRedisError(error);
  }
}
