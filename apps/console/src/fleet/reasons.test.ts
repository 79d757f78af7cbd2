import type { Pool } from '@remuda/client';
import { expect, test } from 'vitest';
import { reasonsToWait } from './reasons.js';

const pool = (part: Partial<Pool>): Pool => ({
  profile: 'default',
  removed: false,
  warm: 1,
  max: 2,
  workers: { idle: 1 },
  waiting: 0,
  delayed: 0,
  running: 0,
  suspended: false,
  halts: [],
  ...part,
});
const textsOf = (part: Partial<Pool>): readonly string[] => reasonsToWait(pool(part)).map(({ text }) => text);

test('a pool that keeps up has none', () => {
  expect(textsOf({})).toEqual([]);
  expect(textsOf({ waiting: 1, workers: { busy: 1 } })).toEqual([]);
});

test('all that keeps jobs waiting is told', () => {
  const halt = { kind: 'paused', since: '', reason: 'A new image.', everywhere: true } as const;
  const starts = { atOnce: 1, limitMs: 1, failed: 2, heldMs: 0, failure: 'No image.' };
  expect(textsOf({ removed: true, halts: [halt], starts })).toEqual([
    'No scheduler has this profile any more.',
    'All pools are paused: A new image.',
    '2 starts failed: No image.',
  ]);
});

test('a full pool says so where a job waits', () => {
  expect(textsOf({ waiting: 1, workers: { busy: 2 } })).toEqual(['All 2 workers are busy.']);
  expect(textsOf({ waiting: 0, workers: { busy: 2 } })).toEqual([]);
});
