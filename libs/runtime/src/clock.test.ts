import { expect, test } from 'vitest';
import { systemClock } from './clock.js';

test('a sleep ends by itself', async () => {
  const before = systemClock.now();
  await systemClock.sleep(20);
  expect(systemClock.now() - before).toBeGreaterThanOrEqual(19);
});

test('an aborted sleep rejects with the reason of the signal, at once', async () => {
  const abort = new AbortController();
  const sleep = systemClock.sleep(60_000, abort.signal);
  abort.abort(new Error('drained'));
  await expect(sleep).rejects.toThrow('drained');
  await expect(systemClock.sleep(60_000, abort.signal)).rejects.toThrow('drained');
});
