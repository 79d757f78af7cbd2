/** How late the deltas of one answer came, in ms after the model had sent each. */
export interface Arrivals {
  readonly delays: readonly number[];
  /** The part of it until the worker had read it from Claude Code: whole ms. */
  readonly toWorker?: readonly number[];
}

/** The middle of all delays, and what 95 of 100 stay within. */
export interface Delay {
  readonly p50: number;
  readonly p95: number;
}

/** The delay of many answers. */
export function delayOf(delays: readonly number[]): Delay {
  const sorted = Float64Array.from(delays).sort();
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { p50: at(0.5), p95: at(0.95) };
}
