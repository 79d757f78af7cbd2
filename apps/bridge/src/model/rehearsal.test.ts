import { systemClock } from '@remuda/runtime';
import { expect, test, vi } from 'vitest';
import { rehearse } from './rehearsal.js';

test('a rehearsal is let through the door, and leaves no server and no connection', async () => {
  await rehearse(systemClock);
  const open = (): readonly string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
  await vi.waitFor(() => expect(open()).toEqual([]));
});
