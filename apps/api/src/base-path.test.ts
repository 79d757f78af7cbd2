import { expect, test } from 'vitest';
import { planBasePath, readBasePath } from './base-path.js';

const told = (prefix: string | undefined, trustPrefix = true): string =>
  planBasePath({ basePath: '/set', trustPrefix })({ 'x-forwarded-prefix': prefix });

test('the path that a trusted proxy tells counts, else the one that is set', () => {
  expect(told('/remuda')).toBe('/remuda');
  expect(told('/a/b_c/d-e.f~/')).toBe('/a/b_c/d-e.f~');
  expect(told(undefined)).toBe('/set');
  expect(told('/remuda', false)).toBe('/set');
});

test.each([
  ...['remuda', '//evil.example', '/a//b', '/..', '/a/../b', '/.', '/a/./b', 'https://evil.example', '/a, /b', '/a b'],
  ...[
    '/"><script>alert(1)</script>',
    "/a'",
    '/a?b',
    '/a#b',
    '/%2e%2e',
    '/é',
    '\\evil.example',
    '/a\\b',
    `/${'x'.repeat(300)}`,
  ],
])('what is no plain path counts as not told: %j', (prefix) => {
  expect(told(prefix)).toBe('/set');
  expect(() => readBasePath(prefix)).toThrow('expected a path');
});

test('a path that is set has no slash at its end', () => {
  expect(readBasePath('')).toBe('');
  expect(readBasePath('/remuda')).toBe('/remuda');
  expect(() => readBasePath('/remuda/')).toThrow('expected a path');
});
