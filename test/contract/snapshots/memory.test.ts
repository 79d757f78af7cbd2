import { ManualClock, MemoryJobStore, MemorySnapshotIndex } from '@remuda/testing';
import { snapshotIndexContract } from './snapshot-index.contract.js';
import { carryOut } from '../memory-jobs.js';

snapshotIndexContract('The one in memory', () => {
  const store = new MemoryJobStore(new ManualClock());
  return Promise.resolve({
    ...{ store, log: store.events, index: new MemorySnapshotIndex(store) },
    ...carryOut(store),
    trim: async (id, upTo) => store.events.trim(id, upTo),
    close: () => Promise.resolve(),
  });
});
