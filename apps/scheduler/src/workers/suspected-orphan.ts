/** Less than a heartbeat: reports from one read do not count as spaced apart. */
const suspectedMs = 1_000;

/** A job that a worker has according to our records, and how long it has reported to be idle nevertheless. */
export interface SuspectedOrphan {
  readonly job: string;
  readonly lease: number;
  /** By the monotonic clock, in ms. */
  readonly since: number;
}

/**
 * A worker that reports twice, some time apart, to be idle does not have the job that we gave it before: the assignment
 * or the outcome was lost. A worker with short jobs has another one each time: that proves nothing.
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
