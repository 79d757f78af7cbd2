import { ManualClock, MemoryJobStore, MemoryLeases } from '@remuda/testing';
import { leaseStoreContract } from './lease-store.contract.js';

leaseStoreContract('The one in memory', () => {
  const clock = new ManualClock();
  const store = new MemoryJobStore(clock);
  const leases = new MemoryLeases(store, clock);
  const worker = 'w-default-1';
  const idle = async (): Promise<void> => void leases.workers.set(worker, { phase: 'idle', owner: 's-0' });
  let claims = 0;
  void idle();
  return Promise.resolve({
    ...{ leases, store, worker, idle },
    claim: async () => {
      const lock = `s-0:${String(++claims)}`;
      return {
        held: { lock },
        scheduler: 's-0',
        ...store.first('default')!,
        start: { kind: 'warm' },
        models: [],
      } as const;
    },
    giveBack: async () => undefined,
    cordon: async () => void leases.workers.set(worker, { phase: 'idle', owner: 's-0', cordoned: true }),
    halt: async () => void leases.halted.add('default'),
    limit: async (job, resetAt) => void leases.limits.set(job, resetAt),
    close: async () => undefined,
  });
});
