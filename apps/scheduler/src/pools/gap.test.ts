import { expect, test } from 'vitest';
import { gapAfter } from './gap.js';

test('a small fleet is looked at again at once, and a large one costs no more than a small part of the time', () => {
  expect(gapAfter(0)).toBe(50);
  expect(gapAfter(100)).toBe(50);
  expect(gapAfter(5_000)).toBe(2_300);
  expect(gapAfter(10_000)).toBe(4_600);
  expect(gapAfter(1_000_000)).toBe(5_000);
});
