import { expect, test } from 'vitest';
import { stillAstray } from './astray.js';

test('a worker that says twice, some time apart, that it has not its job, does not have it', () => {
  const first = stillAstray({ job: 'j-1', lease: 1 }, undefined, 0);
  expect(first).toEqual({ astray: { job: 'j-1', lease: 1, since: 0 }, lost: false });
  expect(stillAstray({ job: 'j-1', lease: 1 }, first.astray, 2_000).lost).toBe(true);
});

test('what is heard at the same time was not said some time apart', () => {
  const { astray } = stillAstray({ job: 'j-1', lease: 1 }, undefined, 0);
  expect(stillAstray({ job: 'j-1', lease: 1 }, astray, 10).lost).toBe(false);
});

test('another job, or another lease of it, is another matter', () => {
  const { astray } = stillAstray({ job: 'j-1', lease: 1 }, undefined, 0);
  expect(stillAstray({ job: 'j-2', lease: 1 }, astray, 2_000)).toMatchObject({ lost: false, astray: { since: 2_000 } });
  expect(stillAstray({ job: 'j-1', lease: 2 }, astray, 2_000)).toMatchObject({ lost: false, astray: { since: 2_000 } });
});
