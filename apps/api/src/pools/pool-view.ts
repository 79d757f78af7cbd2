import type { Halt, PoolRecord } from '@remuda/domain';
import type { HaltView, PoolView } from '@remuda/protocol';
import { iso } from '../jobs/job-view.js';

/** A pool with its times as ISO 8601. */
export function viewPool(pool: PoolRecord): PoolView {
  return { ...pool, removed: pool.removed ?? false, halts: pool.halts.map(viewHalt) };
}

function viewHalt({ kind, since, reason, code, by, everywhere }: Halt): HaltView {
  return {
    kind,
    since: iso(since),
    reason,
    ...(code === undefined ? {} : { code }),
    ...(by === undefined ? {} : { by: iso(by) }),
    everywhere: everywhere ?? false,
  };
}
