import { expect, test } from 'vitest';
import { isStale } from './stale.js';

const now = { fingerprint: 'f', release: 'sha256:new', engine: 'docker:a' };
const fresh = { fingerprint: 'f', release: 'sha256:new', engine: 'docker:a' };

test('a worker is stale when its profile or its image has changed, and not else', () => {
  expect(isStale(fresh, now)).toBe(false);
  expect(isStale({ ...fresh, fingerprint: 'g' }, now)).toBe(true);
  expect(isStale({ ...fresh, release: 'sha256:old' }, now)).toBe(true);
});

test('one that an earlier release started, and that has no image noted, is stale', () => {
  expect(isStale({ fingerprint: 'f' }, now)).toBe(true);
});

test('while nobody knows what the image is, no worker is stale for it', () => {
  expect(isStale({ ...fresh, release: 'sha256:old' }, { ...now, release: undefined })).toBe(false);
});

test('on another engine the same image may have another id, so that there only the profile counts', () => {
  const other = { ...fresh, engine: 'docker:b', release: 'sha256:theirs' };
  expect(isStale(other, now)).toBe(false);
  expect(isStale({ ...other, fingerprint: 'g' }, now)).toBe(true);
});
