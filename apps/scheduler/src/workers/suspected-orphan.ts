/** Less than a heartbeat: what was read at once was not said some time apart. */
const suspectedMs = 1_000;

/** A job that a worker has by our records, and how long it has said all the same that it has nothing to do. */
export interface SuspectedOrphan {
  readonly job: string;
  readonly lease: number;
  /** By the monotonic clock, in ms. */
  readonly since: number;
}

/**
 * Whoever says twice, some time apart, that it has nothing to do, does not have the job that we gave it before: the assignment or
 * the outcome was lost on its way. A worker of short jobs has another one each time: that says nothing.
 */
export function suspectOrphan(
  held: { readonly job: string; readonly lease: number },
  before: SuspectedOrphan | undefined,
  now: number,
): { readonly orphan: SuspectedOrphan; readonly lost: boolean } {
  const same = before?.job === held.job && before.lease === held.lease;
  const orphan = same ? before : { job: held.job, lease: held.lease, since: now };
  return { orphan, lost: now - orphan.since >= suspectedMs };
}
