import type { WorkerRecord } from '@remuda/domain';

/** A queue that the board shows: a profile's jobs, or a worker's own queue. */
export interface BoardQueue {
  readonly kind: 'profile' | 'worker';
  readonly of: string;
}

/** Changes to the board: queues to show, and the keys (`kind:of`) of those to hide. */
export function planBoard(
  shown: Pick<ReadonlyMap<string, unknown>, 'has' | 'keys'>,
  profiles: readonly string[],
  workers: readonly Pick<WorkerRecord, 'id' | 'phase'>[],
): { readonly show: readonly BoardQueue[]; readonly hide: readonly string[] } {
  const wanted = new Map<string, BoardQueue>();
  for (const of of profiles) wanted.set(`profile:${of}`, { kind: 'profile', of });
  for (const { id: of, phase } of workers) if (phase !== 'gone') wanted.set(`worker:${of}`, { kind: 'worker', of });
  return {
    show: [...wanted].filter(([key]) => !shown.has(key)).map(([, queue]) => queue),
    hide: [...shown.keys()].filter((key) => !wanted.has(key)),
  };
}
