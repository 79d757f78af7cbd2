import { expect, test } from 'vitest';
import { suspectOrphan } from './suspected-orphan.js';

test('a worker that says twice, some time apart, that it has not its job, does not have it', () => {
  const first = suspectOrphan({ job: 'j-1', lease: 1 }, undefined, 0);
  expect(first).toEqual({ orphan: { job: 'j-1', lease: 1, since: 0 }, lost: false });
  expect(suspectOrphan({ job: 'j-1', lease: 1 }, first.orphan, 2_000).lost).toBe(true);
});

test('what is heard at the same time was not said some time apart', () => {
  const { orphan } = suspectOrphan({ job: 'j-1', lease: 1 }, undefined, 0);
  expect(suspectOrphan({ job: 'j-1', lease: 1 }, orphan, 10).lost).toBe(false);
});

test('another job, or another lease of it, is another matter', () => {
  const { orphan } = suspectOrphan({ job: 'j-1', lease: 1 }, undefined, 0);
  expect(suspectOrphan({ job: 'j-2', lease: 1 }, orphan, 2_000)).toMatchObject({
    lost: false,
    orphan: { since: 2_000 },
  });
  expect(suspectOrphan({ job: 'j-1', lease: 2 }, orphan, 2_000)).toMatchObject({
    lost: false,
    orphan: { since: 2_000 },
  });
});
