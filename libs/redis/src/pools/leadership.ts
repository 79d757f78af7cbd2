import type { RedisKeys } from '../keys.js';
import type { Queues } from '../queue/queues.js';
import type { Presence } from '../workers/own.js';

/** Work that only one scheduler at a time does for all of them: managing a profile's pool, and sweeping. */
export class Leadership {
  readonly #keys: RedisKeys;

  constructor(
    { keys }: Pick<Queues, 'keys'>,
    private readonly presence: Presence,
  ) {
    this.#keys = keys;
  }

  /** Takes or renews the leadership of pools; resolves with the profiles that are ours. */
  async pools(profiles: readonly string[]): Promise<ReadonlySet<string>> {
    const keys = this.#keys;
    const ours = await this.presence.own(profiles.map((profile) => keys.poolLeader(profile)));
    return new Set(profiles.filter((_, i) => ours[i]));
  }

  /** Takes or renews the sweeping; resolves with whether it is ours. */
  async sweeping(): Promise<boolean> {
    const keys = this.#keys;
    const [ours] = await this.presence.own([keys.sweeper]);
    return ours === true;
  }

  /** Releases all of it, so that another scheduler can take it at once. */
  async release(profiles: readonly string[]): Promise<void> {
    const keys = this.#keys;
    const leaders = profiles.map((profile) => keys.poolLeader(profile));
    await this.presence.release([...leaders, keys.sweeper]);
  }
}
