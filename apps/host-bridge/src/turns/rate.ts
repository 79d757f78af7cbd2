/** What is left of a client's rate. */
export interface Allowance {
  readonly left: number;
  /** When that was so, in ms of a monotonic clock. */
  readonly at: number;
}

/** Takes one from an allowance of so many a minute, which fills up evenly; undefined if there is none. */
export function takeOne(before: Allowance | undefined, perMinute: number, now: number): Allowance | undefined {
  const { left, at } = before ?? { left: perMinute, at: now };
  const refilled = Math.min(perMinute, left + ((now - at) / 60_000) * perMinute);
  return refilled >= 1 ? { left: refilled - 1, at: now } : undefined;
}
