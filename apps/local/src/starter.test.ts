import { describe, expect, test } from 'vitest';
import { findNpm } from './starter.mjs';

describe('the npm above a script', () => {
  test('is its parent, where the shell has put the script in its own place', () => {
    expect(findNpm(20, () => ({ parent: 10, command: 'npm start' }))).toBe(20);
  });

  test('is the parent of the shell that waits for the script', () => {
    const command = 'sh -c node apps/local/src/launch.mjs start';
    expect(findNpm(20, () => ({ parent: 10, command }))).toBe(10);
  });

  test('is the parent, where nothing is seen of it or it has lost its own', () => {
    expect(findNpm(20, () => undefined)).toBe(20);
    expect(findNpm(20, () => ({ parent: 1, command: 'sh -c node apps/local/src/launch.mjs start' }))).toBe(20);
  });
});
