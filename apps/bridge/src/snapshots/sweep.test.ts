import { expect, test } from 'vitest';
import { unwantedOf } from './sweep.js';

const blob = (name: string, at = 1_000) => ({ name, bytes: 1, at });
const noted = { sessionId: 's', at: 1, lease: 2, copy: '0123456789abcdef', bytes: 1, sessionBytes: 1 };
const ages = { oldest: 10, unnoted: 500 };

test('snapshots of jobs that are over or unknown go, and those that are too old', () => {
  const seen = [blob('open.1'), blob('open.2', 5), blob('over.1'), blob('no-snapshot')];
  expect(unwantedOf(seen, new Map([['open', undefined]]), ages)).toEqual(['open.2', 'over.1', 'no-snapshot']);
});

test('of a job that is open the noted one stays, and another one only as long as it may be about to be noted', () => {
  const seen = [
    blob('open.2.0123456789abcdef', 20),
    blob('open.2.fedcba9876543210', 20),
    blob('open.2.aaaaaaaaaaaaaaaa', 600),
    blob('open.1', 20),
  ];
  expect(unwantedOf(seen, new Map([['open', noted]]), ages)).toEqual(['open.2.fedcba9876543210', 'open.1']);
});
