import { ManualClock, MemoryBlobs, MemoryJobStore, MemorySnapshotIndex } from '@remuda/testing';
import { blobsContract } from './blobs.contract.js';
import { snapshotIndexContract } from './snapshot-index.contract.js';
import { carryOut } from '../memory-jobs.js';

blobsContract('The one in memory', () =>
  Promise.resolve({
    blobs: new MemoryBlobs({ maxBytes: 10, maxTotalBytes: 15 }),
    close: () => Promise.resolve(),
  }),
);

snapshotIndexContract('The one in memory', () => {
  const store = new MemoryJobStore(new ManualClock());
  return Promise.resolve({
    ...{ store, log: store.events, index: new MemorySnapshotIndex(store) },
    ...carryOut(store),
    trim: async (id, upTo) => store.events.trim(id, upTo),
    close: () => Promise.resolve(),
  });
});
