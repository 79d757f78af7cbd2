/** Default limit of a drain, in ms. */
export const defaultDrainMs = 300_000;

/**
 * Orders of an operator for pools and workers. They are stored, and the schedulers carry them out: an order outlives
 * them all, and is idempotent. Each call resolves with false if there is no such pool or worker, and rejects with
 * `redis.unavailable` while the store does not answer. Without a profile, an order applies to all of them, including
 * future ones.
 */
export interface PoolControls {
  /** When this resolves, no more jobs start; running jobs continue, and new ones are accepted. */
  pause(profile: string | undefined, reason: string): Promise<boolean>;
  /** Lifts the profile's pause, drain and suspension. Without a profile, only orders that apply to all. */
  resume(profile: string | undefined): Promise<boolean>;
  /**
   * Like `pause`, and the pool's workers leave: idle ones now, busy ones when their job has ended, or after `limitMs`,
   * when the job is requeued uncounted. No worker starts until `resume`. The earlier of two limits applies.
   */
  drainPool(profile: string, limitMs: number, reason: string): Promise<boolean>;
  /** When this resolves, the worker gets no more jobs, and stays. */
  cordon(worker: string): Promise<boolean>;
  uncordon(worker: string): Promise<boolean>;
  /** Like `drainPool`, for one worker; its pool starts another one. It cannot be undone. */
  drainWorker(worker: string, limitMs: number): Promise<boolean>;
}
