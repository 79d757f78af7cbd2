import { expect, test } from 'vitest';
import { mirrorsOverBudget } from './mirror-budget.js';

const mirror = (name: string, bytes: number, usedAt: number, inUse = false) => ({ name, bytes, usedAt, inUse });

test('those used the longest time ago go first, and no more of them than have to', () => {
  const all = [mirror('new', 40, 3), mirror('old', 40, 1), mirror('middle', 40, 2)];
  expect(mirrorsOverBudget(all, 120)).toEqual([]);
  expect(mirrorsOverBudget(all, 100)).toEqual(['old']);
  expect(mirrorsOverBudget(all, 79)).toEqual(['old', 'middle']);
});

test('one in use stays, even where it is more than there is room for', () => {
  expect(mirrorsOverBudget([mirror('huge', 500, 1, true), mirror('other', 10, 2)], 100)).toEqual(['other']);
});
