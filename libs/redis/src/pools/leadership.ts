import type { Queues } from '../queue/queues.js';
import { own, release } from '../workers/own.js';

/** What one scheduler at a time does for all of them: keep a profile's pool, and sweep. */
export class Leadership {
  constructor(
    private readonly queues: Pick<Queues, 'redis' | 'keys'>,
    private readonly scheduler: string,
  ) {}

  /** Takes or keeps the lead of pools; those of these profiles that are ours for the next `ownMs`. */
  async pools(profiles: readonly string[]): Promise<ReadonlySet<string>> {
    const { redis, keys } = this.queues;
    const ours = await own(
      redis,
      profiles.map((profile) => keys.poolLeader(profile)),
      this.scheduler,
    );
    return new Set(profiles.filter((_, i) => ours[i]));
  }

  /** Takes or keeps the sweeping; whether it is ours for the next `ownMs`. */
  async sweeping(): Promise<boolean> {
    const { redis, keys } = this.queues;
    const [ours] = await own(redis, [keys.sweeper], this.scheduler);
    return ours === true;
  }

  /** Lets go of all of it, so that another scheduler can take it at once. */
  async release(profiles: readonly string[]): Promise<void> {
    const { redis, keys } = this.queues;
    const leaders = profiles.map((profile) => keys.poolLeader(profile));
    await release(redis, [...leaders, keys.sweeper], this.scheduler);
  }
}
