/** How long what runs may go on when a drain names no limit, in ms. */
export const defaultDrainMs = 300_000;

/**
 * What an operator orders for pools and workers. It is written down, and the schedulers carry it out: an order outlives them
 * all, and saying it twice does no harm. Each answer is false where there is no such pool or worker; each call rejects with
 * `redis.unavailable` while the store does not answer. Without a profile it is said of all of them, those to come included.
 */
export interface PoolControls {
  /** No job starts any more when this resolves; what runs goes on, and further jobs are taken in. */
  pause(profile: string | undefined, reason: string): Promise<boolean>;
  /** Lifts what keeps the profile from its jobs: pause, drain, suspension. Without a profile, only what was said of all. */
  resume(profile: string | undefined): Promise<boolean>;
  /**
   * As `pause`, and the pool's workers leave: idle ones now, busy ones when their job has ended, or after `limitMs`, when the job
   * goes back to the queue uncounted. There are none until `resume`. Of two limits the earlier one holds.
   */
  drainPool(profile: string, limitMs: number, reason: string): Promise<boolean>;
  /** The worker is given no job any more when this resolves, and stays. */
  cordon(worker: string): Promise<boolean>;
  uncordon(worker: string): Promise<boolean>;
  /** As `drainPool`, for one worker; its pool starts another one. There is no way back. */
  drainWorker(worker: string, limitMs: number): Promise<boolean>;
}
