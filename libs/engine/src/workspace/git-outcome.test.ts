import { expect, it } from 'vitest';
import { readCommits, readNumstat } from './git-outcome.js';

it('reads commits and counts', () => {
  expect(readCommits('abc\nfirst: a\nb\0def\n\0')).toEqual([
    { id: 'abc', subject: 'first: a' },
    { id: 'def', subject: '' },
  ]);
  expect(readNumstat('1\t2\ta b\0-\t-\tbin\0')).toEqual({ filesChanged: 2, insertions: 1, deletions: 2 });
  expect(readNumstat('')).toEqual({ filesChanged: 0, insertions: 0, deletions: 0 });
});
