import { ManualClock, MemoryJobStore } from '@remuda/testing';
import { jobStoreContract } from './job-store.contract.js';

jobStoreContract('The one in memory', () => {
  const store = new MemoryJobStore(new ManualClock());
  return Promise.resolve({
    store,
    log: store.events,
    take: async (profile) => store.take(profile, 'w-default-1')?.id,
    finish: async (id, result) => store.finish(id, result),
    trim: async (id, upTo) => store.events.trim(id, upTo),
    close: () => Promise.resolve(),
  });
});
