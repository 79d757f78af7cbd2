import { warmTarget, type Clock, type Profile, type WarmTarget } from '@remuda/domain';
import { Demand } from './demand.js';

/** How many workers the pools that follow their demand keep warm. */
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

  /** What a pool should keep warm at this moment; undefined where its number is fixed. */
  of({ name, pool }: Pick<Profile, 'name' | 'pool'>): WarmTarget | undefined {
    const demand = this.#demands.get(name);
    return pool.follow && demand && warmTarget(demand.seen(this.clock.monotonic()), pool.follow, pool.max);
  }
}
