import { ManualClock, MemoryJobStore, MemorySessionStore, MemorySnapshotIndex } from '@remuda/testing';
import { carryOut } from '../memory-jobs.js';
import { sessionStoreContract } from './session-store.contract.js';

sessionStoreContract('The one in memory', () => {
  const clock = new ManualClock();
  const store = new MemoryJobStore(clock);
  const index = new MemorySnapshotIndex(store);
  const sessions = new MemorySessionStore(store, index, clock);
  const { take, leases } = carryOut(store);
  return Promise.resolve({
    ...{ store, index, take, sessions, turns: sessions },
    forget: () => Promise.resolve(),
    end: async (job, ending) => {
      const settled = await leases.settle({ job, worker: 'w-default-1', lease: 1 }, ending);
      if (settled.kind !== 'settled') throw new Error(`The job could not be settled: ${settled.kind}.`);
    },
    keep: (job, lost) => leases.endKeeping({ job, worker: 'w-default-1', lease: 1 }, lost),
    close: () => Promise.resolve(),
  });
});
