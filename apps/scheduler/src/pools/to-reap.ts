/** Containers to reap now, and since when each one has been seen without a worker record. */
export interface ReapLook {
  readonly reap: readonly string[];
  /** By the monotonic clock, in ms; forgotten once a container is gone, or has a record. */
  readonly since: ReadonlyMap<string, number>;
}

/**
 * How long a container must have been without a record, in ms. A worker is recorded before its container is started, and
 * a runtime shows containers that another scheduler has removed for up to 5 s.
 */
export const reapAfterMs = 6_000;

/** Which of the containers of this engine belong to no worker: of any profile, also of removed ones. Pure. */
export function toReap(
  containers: readonly { readonly worker: string }[],
  known: ReadonlySet<string>,
  { since: before, now }: { readonly since: ReapLook['since']; readonly now: number },
): ReapLook {
  const orphans = containers.map(({ worker }) => worker).filter((worker) => !known.has(worker));
  const since = new Map(orphans.map((worker) => [worker, before.get(worker) ?? now]));
  return { reap: orphans.filter((worker) => now - (since.get(worker) ?? now) >= reapAfterMs), since };
}
