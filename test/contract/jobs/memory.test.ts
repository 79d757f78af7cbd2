import { ManualClock, MemoryJobStore } from '@remuda/testing';
import { jobStoreContract } from './job-store.contract.js';
import { carryOut } from '../memory-jobs.js';

jobStoreContract('The one in memory', () => {
  const store = new MemoryJobStore(new ManualClock());
  return Promise.resolve({
    store,
    log: store.events,
    ...carryOut(store),
    trim: async (id, upTo) => store.events.trim(id, upTo),
    close: () => Promise.resolve(),
  });
});
