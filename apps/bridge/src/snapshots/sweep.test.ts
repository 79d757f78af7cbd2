import { expect, test } from 'vitest';
import { unwantedOf } from './sweep.js';

const blob = (name: string, at = 1_000) => ({ name, bytes: 1, at });

test('snapshots of jobs that are over or unknown go, and those that are too old', () => {
  const seen = [blob('open.1'), blob('open.2', 5), blob('over.1'), blob('no-snapshot')];
  expect(unwantedOf(seen, new Set(['open']), 10)).toEqual(['open.2', 'over.1', 'no-snapshot']);
});
