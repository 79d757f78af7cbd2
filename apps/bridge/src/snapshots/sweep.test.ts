import { expect, test } from 'vitest';
import { unwantedOf } from './sweep.js';

const blob = (name: string, at = 1_000) => ({ name, bytes: 1, at });
const noted = { sessionId: 's', at: 1, lease: 2, copy: '0123456789abcdef', bytes: 1, sessionBytes: 1 };
const ages = { oldest: 10, unnoted: 500 };

test('snapshots of jobs that are over or unknown go, and those that are too old', () => {
  const seen = [blob('open.1'), blob('open.2', 5), blob('over.1'), blob('no-snapshot')];
  expect(unwantedOf(seen, { open: new Map([['open', undefined]]), kept: new Map() }, ages)).toEqual([
    'open.2',
    'over.1',
    'no-snapshot',
  ]);
});

test('of a job that is open the noted one stays, and another one only as long as it may be about to be noted', () => {
  const seen = [
    blob('open.2.0123456789abcdef', 20),
    blob('open.2.fedcba9876543210', 20),
    blob('open.2.aaaaaaaaaaaaaaaa', 600),
    blob('open.1', 20),
  ];
  expect(unwantedOf(seen, { open: new Map([['open', noted]]), kept: new Map() }, ages)).toEqual([
    'open.2.fedcba9876543210',
    'open.1',
  ]);
});

test('what a client has made of a session stays as long as the session may be about to name it, and then as it does', () => {
  const seen = [
    blob('e-1.0.0123456789abcdef', 600),
    blob('e-2.0.0123456789abcdef', 20),
    blob('e-3.2.0123456789abcdef', 1),
  ];
  const wanted = { open: new Map(), kept: new Map([['e-3', noted]]) };
  expect(unwantedOf(seen, wanted, ages)).toEqual(['e-2.0.0123456789abcdef']);
});

test('of a session the snapshot stays from which it goes on, however old it is, and no other of that job', () => {
  const seen = [blob('over.2.0123456789abcdef', 1), blob('over.1.fedcba9876543210', 1), blob('other.2', 1)];
  const wanted = { open: new Map(), kept: new Map([['over', noted]]) };
  expect(unwantedOf(seen, wanted, ages)).toEqual(['over.1.fedcba9876543210', 'other.2']);
});
