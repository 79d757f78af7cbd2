/** What is known of a profile's workers when a job's start is estimated. */
export interface Outlook {
  /** Jobs that are taken before it. */
  readonly ahead: number;
  /** Workers that the pool may have. */
  readonly workers: number;
  /** How many of them have a job. */
  readonly busy: number;
  /** How long the profile's latest jobs took, in ms. */
  readonly tookMs: readonly number[];
}

/** With fewer jobs to go by, nothing is said. */
export const fewestSamples = 3;

/**
 * In how many ms a waiting job probably starts: each worker takes as long for a job as the median of the latest ones.
 * Undefined where too little is known, or no worker may come. A job's start may be held up by what nobody foresees: it
 * is no promise.
 */
export function estimateStartMs({ ahead, workers, busy, tookMs }: Outlook): number | undefined {
  if (workers <= 0 || tookMs.length < fewestSamples) return undefined;
  const sorted = tookMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const free = Math.max(0, workers - busy);
  return Math.round((Math.max(0, ahead + 1 - free) / workers) * median);
}
