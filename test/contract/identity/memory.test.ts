import { ManualClock, MemoryApiKeys, MemoryAuditLog, MemoryTickets } from '@remuda/testing';
import { identityContract } from './identity.contract.js';

identityContract('The one in memory', () => {
  const clock = new ManualClock();
  const keys = new MemoryApiKeys();
  return Promise.resolve({
    keys,
    revocations: keys,
    tickets: new MemoryTickets(clock),
    audit: new MemoryAuditLog(),
    pass: (ms) => clock.advance(ms),
    close: () => Promise.resolve(),
  });
});
