import { warmTarget, type Clock, type Profile, type WarmTarget } from '@remuda/domain';
import { Demand } from './demand.js';

/** How many workers are kept warm in pools that follow demand. */
export class Targets {
  readonly #demands: ReadonlyMap<string, Demand>;

  constructor(
    profiles: readonly Profile[],
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {
    const following = profiles.filter(({ pool }) => pool.follow);
    this.#demands = new Map(following.map(({ name }) => [name, new Demand(clock.monotonic())]));
  }

  noteArrivals(profile: string, jobs: number): void {
    this.#demands.get(profile)?.noteArrivals(jobs, this.clock.monotonic());
  }

  noteReady(profile: string, tookMs: number): void {
    this.#demands.get(profile)?.noteReady(tookMs);
  }

  /** A pool's current warm target; undefined if its number is fixed. */
  of({ name, pool }: Pick<Profile, 'name' | 'pool'>): WarmTarget | undefined {
    const demand = this.#demands.get(name);
    return pool.follow && demand && warmTarget(demand.seen(this.clock.monotonic()), pool.follow, pool.max);
  }
}
