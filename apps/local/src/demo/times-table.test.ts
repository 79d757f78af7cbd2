import { expect, test } from 'vitest';
import { timesTable } from './times-table.js';

test('times are told in ms after the job was queued, and a missing one as such', () => {
  const at = (ms: number): string => new Date(1_000_000 + ms).toISOString();
  const times = { queuedAt: at(0), claimedAt: at(3), firstRequestAt: at(41), overAt: at(1_900) };
  expect(timesTable({ times, start: { kind: 'warm' } })).toEqual([
    '  queued                     0 ms',
    '  claimed                    3 ms',
    '  first model request       41 ms',
    '  first token                - ms',
    '  over                    1900 ms',
    '  start                warm',
  ]);
});
