import { systemClock } from '@remuda/runtime';
import { expect, test, vi } from 'vitest';
import { warmUp } from './warm-up.js';

test('a warm-up request is accepted, and leaves no server and no connection', async () => {
  const now = vi.fn(() => systemClock.now());
  await warmUp({ ...systemClock, now });
  // The listener looks at the clock for each request, and again at the first token of each answer.
  expect(now.mock.calls.length).toBeGreaterThanOrEqual(40);
  const open = (): readonly string[] => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP'));
  await vi.waitFor(() => expect(open()).toEqual([]));
});
