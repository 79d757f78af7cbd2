import type { Redis } from 'ioredis';
import { clientOf } from '../connection/redis-connection.js';
import type { RedisKeys } from '../keys.js';
import type { Queues } from '../queue/queues.js';
import { own, release } from '../workers/own.js';

/** Work that only one scheduler at a time does for all of them: managing a profile's pool, and sweeping. */
export class Leadership {
  readonly #redis: Redis;
  readonly #keys: RedisKeys;

  constructor(
    { connection, keys }: Pick<Queues, 'connection' | 'keys'>,
    private readonly scheduler: string,
  ) {
    this.#redis = clientOf(connection);
    this.#keys = keys;
  }

  /** Takes or renews the leadership of pools; resolves with the profiles that are ours for the next `ownMs`. */
  async pools(profiles: readonly string[]): Promise<ReadonlySet<string>> {
    const keys = this.#keys;
    const ours = await own(
      this.#redis,
      profiles.map((profile) => keys.poolLeader(profile)),
      this.scheduler,
    );
    return new Set(profiles.filter((_, i) => ours[i]));
  }

  /** Takes or renews the sweeping; resolves with whether it is ours for the next `ownMs`. */
  async sweeping(): Promise<boolean> {
    const keys = this.#keys;
    const [ours] = await own(this.#redis, [keys.sweeper], this.scheduler);
    return ours === true;
  }

  /** Releases all of it, so that another scheduler can take it at once. */
  async release(profiles: readonly string[]): Promise<void> {
    const keys = this.#keys;
    const leaders = profiles.map((profile) => keys.poolLeader(profile));
    await release(this.#redis, [...leaders, keys.sweeper], this.scheduler);
  }
}
