import { describe, expect, test } from 'vitest';
import { dependenciesAreStale } from './set-up.mjs';

const entry = { version: '1.0.0', integrity: 'sha512-a' };
const installed = { 'node_modules/a': entry, 'node_modules/@remuda/api': { link: true } };
const wanted = { '': {}, ...installed };

describe('dependencies are stale', () => {
  test('not when what is installed is what the lockfile asks for', () => {
    expect(dependenciesAreStale(wanted, installed)).toBe(false);
  });

  test('when one is missing, unless it is optional (made for another platform)', () => {
    expect(dependenciesAreStale({ 'node_modules/a': entry }, {})).toBe(true);
    expect(dependenciesAreStale({ 'node_modules/a': { ...entry, optional: true } }, {})).toBe(false);
  });

  test('when one has another version or other content', () => {
    expect(dependenciesAreStale(wanted, { ...installed, 'node_modules/a': { ...entry, version: '1.0.1' } })).toBe(true);
    expect(dependenciesAreStale(wanted, { ...installed, 'node_modules/a': { ...entry, integrity: 'sha512-b' } })).toBe(
      true,
    );
  });
});
