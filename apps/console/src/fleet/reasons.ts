import type { Pool } from '@remuda/client';

/** Why jobs of a pool wait, or may come to. */
export interface Reason {
  readonly text: string;
  /** Whether it does not pass by itself. */
  readonly bad: boolean;
}

/** All that keeps a pool's jobs waiting, what a person has to end first. */
export function reasonsToWait(pool: Pool): readonly Reason[] {
  const halts = pool.halts.map(({ kind, reason, everywhere }) => ({
    text: `${everywhere ? 'All pools are' : 'This pool is'} ${kind}: ${reason}`,
    bad: kind === 'suspended',
  }));
  const removed = pool.removed ? [{ text: 'No scheduler has this profile any more.', bad: true }] : [];
  return [...removed, ...halts, ...startsOf(pool), ...fullOf(pool)];
}

function startsOf({ starts }: Pool): readonly Reason[] {
  if (!starts) return [];
  const failed =
    starts.failure === undefined
      ? []
      : [{ text: `${starts.failed} ${starts.failed === 1 ? 'start' : 'starts'} failed: ${starts.failure}`, bad: true }];
  const waits = (starts.waits ?? []).map(({ message, workers }) => ({
    text: `${workers} starting ${workers === 1 ? 'worker waits' : 'workers wait'}: ${message}`,
    bad: false,
  }));
  return [...failed, ...waits];
}

function fullOf({ waiting, max, workers, halts }: Pool): readonly Reason[] {
  const busy = workers['busy'] ?? 0;
  if (waiting === 0 || halts.length > 0 || busy < max) return [];
  return [{ text: `All ${max} workers are busy.`, bad: false }];
}
