import { systemClock } from '@remuda/runtime';
import { expect, test, vi } from 'vitest';
import { rehearse } from './rehearsal.js';

test('a rehearsal is let through the door, and leaves no server and no connection', async () => {
  const now = vi.fn(() => systemClock.now());
  await rehearse({ ...systemClock, now });
  // The door looks at the clock for each request, and again at the first token of each answer.
  expect(now.mock.calls.length).toBeGreaterThanOrEqual(40);
  const open = (): readonly string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
  await vi.waitFor(() => expect(open()).toEqual([]));
});
