import { ManualClock, MemoryPools } from '@remuda/testing';
import { poolControlsContract } from './pool-controls.contract.js';

poolControlsContract('The ones in memory', () => {
  const pools = new MemoryPools(new ManualClock(), new Set(['default', 'other']), ['w-default-1']);
  return Promise.resolve({
    controls: pools,
    haltsOf: async (profile) => pools.haltsOf(profile),
    worker: async () => pools.worker('w-default-1') ?? {},
    close: () => Promise.resolve(),
  });
});
