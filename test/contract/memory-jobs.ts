import type { JobResult } from '@remuda/domain';
import { ManualClock, MemoryLeases, type MemoryJobStore } from '@remuda/testing';

const worker = 'w-default-1';

/** Somebody who carries out the jobs of a store in memory, by its leases. */
export function carryOut(store: MemoryJobStore) {
  const leases = new MemoryLeases(store, new ManualClock());
  return {
    leases,
    take: async (profile: string): Promise<string | undefined> => {
      const found = store.first(profile);
      if (!found) return undefined;
      leases.workers.set(worker, { phase: 'idle', owner: 's-0' });
      const claim = {
        held: { lock: found.job.id },
        scheduler: 's-0',
        ...found,
        start: { kind: 'warm' },
        models: [],
      } as const;
      await leases.assign(claim, worker);
      return found.job.id;
    },
    finish: async (job: string, result: JobResult): Promise<void> => {
      const settled = await leases.settle({ job, worker, lease: 1 }, { state: 'succeeded', result });
      if (settled.kind !== 'settled') throw new Error(`The job could not be settled: ${settled.kind}.`);
    },
  };
}
