import { MemoryBlobs } from '@remuda/testing';
import { blobsContract } from './blobs.contract.js';

blobsContract('The one in memory', () =>
  Promise.resolve({
    blobs: new MemoryBlobs({ maxBytes: 10, maxTotalBytes: 15 }),
    isFake: true,
    close: () => Promise.resolve(),
  }),
);
