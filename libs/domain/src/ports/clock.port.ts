/** Time, as a dependency. */
export interface Clock {
  /** Epoch ms. It may be set back or forward at any time: for points in time that others read, never for durations. */
  now(): number;
  /** Ms since an arbitrary start. Never goes back, and stops while the machine is suspended: for durations. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignalLike): Promise<void>;
}

/**
 * A clock that shows the same time to all parts of a cluster, whatever their machines' clocks do: for points in time
 * that one part writes and another compares.
 */
export interface SharedClock extends Clock {
  /**
   * Resolves when `now()` is reliable: usually at once, but not right after the machine was suspended. Never rejects.
   */
  settled(): Promise<void>;
}

/** The part of AbortSignal that pure code needs; every platform's own one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
