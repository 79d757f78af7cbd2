import { expect, test } from 'vitest';
import { goesAhead } from './goes-ahead.js';

test('a turn goes ahead of jobs that wait, until its session has kept the worker for long', () => {
  expect(goesAhead({ keptMs: 60_000, short: 9 })).toBe(true);
  expect(goesAhead({ keptMs: 60_001, short: 1 })).toBe(false);
  expect(goesAhead({ keptMs: 2_001, short: 1 }, 2_000)).toBe(false);
});

test('a turn goes ahead however long its session has kept the worker, while all others can have one', () => {
  expect(goesAhead({ keptMs: 3_600_000, short: 0 })).toBe(true);
});
