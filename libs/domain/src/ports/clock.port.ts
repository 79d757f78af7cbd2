/** Time, as a dependency. */
export interface Clock {
  /** Epoch ms. It may be set back or forward at any time: for points in time that others read, never for how long something takes. */
  now(): number;
  /** Ms since some moment of its own. Never goes back, and stands still while the machine is suspended: for lengths of time. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignalLike): Promise<void>;
}

/**
 * A clock of which all parts of a cluster show the same time, whatever the clocks of their machines do: for points in time that one
 * part writes and another compares.
 */
export interface SharedClock extends Clock {
  /** Resolves when `now()` can be relied upon: mostly at once, but not right after the machine was suspended. Never rejects. */
  settled(): Promise<void>;
}

/** The part of AbortSignal that pure code needs; every platform's own one fits. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
