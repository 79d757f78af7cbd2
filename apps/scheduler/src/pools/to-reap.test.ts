import { expect, test } from 'vitest';
import { reapAfterMs, toReap, type ReapLook } from './to-reap.js';

const containers = ['w-recorded', 'w-orphan'].map((worker) => ({ worker }));
const known = new Set(['w-recorded']);
const first = toReap(containers, known, { since: new Map(), now: 100 });

test('a container without a record is reaped only once it has been so for long enough', () => {
  expect(first).toEqual({ reap: [], since: new Map([['w-orphan', 100]]) });
  const look = (now: number): ReapLook => toReap(containers, known, { ...first, now });
  expect(look(100 + reapAfterMs - 1).reap).toEqual([]);
  expect(look(100 + reapAfterMs)).toEqual({ reap: ['w-orphan'], since: first.since });
});

test('one that was recorded in between, or was gone, starts anew', () => {
  const recorded = toReap(containers, new Set(['w-recorded', 'w-orphan']), { ...first, now: 200 });
  expect(recorded).toEqual({ reap: [], since: new Map() });
  const later = 100 + reapAfterMs;
  const gone = toReap([], known, { ...first, now: 200 });
  for (const { since } of [recorded, gone]) expect(toReap(containers, known, { since, now: later }).reap).toEqual([]);
});
