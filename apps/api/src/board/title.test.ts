import { expect, test } from 'vitest';
import { jobTitle } from './title.js';

test('a title is the id and the first words, on one line', () => {
  expect(jobTitle('j-1', ' Write a haiku\n\nabout horses ')).toBe('j-1 · Write a haiku about horses');
});

test('a long prompt is cut between characters, and a broken one at the end is left out', () => {
  expect(jobTitle('j-1', '🐎'.repeat(100))).toBe(`j-1 · ${'🐎'.repeat(79)}…`);
  expect(jobTitle('j-1', 'horse\uFFFD')).toBe('j-1 · horse');
});

test('without words it is the id', () => {
  expect(jobTitle('j-1')).toBe('j-1');
  expect(jobTitle('j-1', ' \n ')).toBe('j-1');
});
