/** Less than a heartbeat: what was read at once was not said some time apart. */
const astrayMs = 1_000;

/** A job that a worker has by our books, and how long it has said all the same that it has nothing to do. */
export interface Astray {
  readonly job: string;
  readonly lease: number;
  /** By the monotonic clock, in ms. */
  readonly since: number;
}

/**
 * Whoever says twice, some time apart, that it has nothing to do, does not have the job that we gave it before: the assignment or
 * the outcome was lost on its way. A worker of short jobs has another one each time: that says nothing.
 */
export function stillAstray(
  held: { readonly job: string; readonly lease: number },
  before: Astray | undefined,
  now: number,
): { readonly astray: Astray; readonly lost: boolean } {
  const same = before?.job === held.job && before.lease === held.lease;
  const astray = same ? before : { job: held.job, lease: held.lease, since: now };
  return { astray, lost: now - astray.since >= astrayMs };
}
