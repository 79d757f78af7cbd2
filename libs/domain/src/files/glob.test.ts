import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globFault, globMatcher } from './glob.js';

test.each([
  ['dist/**', 'dist/a.js', true],
  ['dist/**', 'dist/a/.map', true],
  ['dist', 'dist/a/b.js', true],
  ['./dist/', 'dist/a', true],
  ['dist/**', 'distant/a', false],
  ['dist/**', 'src/dist/a', false],
  ['**/dist', 'src/dist/a', true],
  ['**/*.log', 'a.log', true],
  ['**/*.log', 'a/b/c.log', true],
  ['*.log', 'a/c.log', false],
  ['a/**/z', 'a/z', true],
  ['a/**/z', 'a/b/c/z', true],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a?c', 'a🦩c', true],
  ['*', '.env', false],
  ['**', '.git/config', false],
  ['.env*', '.env.local', true],
  ['a*b*c', 'a1b2c', true],
  ['a*b*c', 'a1b2', false],
  ['report.html', 'reportxhtml', false],
])('%j names %j: %s', (glob, path, named) => {
  expect(globFault(glob)).toBeUndefined();
  expect(globMatcher([glob])(path)).toBe(named);
});

test.each([
  '../x',
  '/etc/passwd',
  'a/../../b',
  'dist/..',
  '',
  '.',
  'a//b',
  'a\nb',
  'a[0]',
  '{a,b}',
  '!a',
  'x'.repeat(201),
])('%j is no glob of artifacts', (glob) => {
  expect(globFault(glob)).toBeTypeOf('string');
});

test('a path names itself and what is in it, and whatever a glob is, it takes no time', () => {
  const name = fc.stringMatching(/^[a-z.]{0,5}[a-z]$/);
  const path = fc.array(name, { minLength: 1, maxLength: 5 }).map((names) => names.join('/'));
  fc.assert(
    fc.property(path, name, (own, inner) => {
      expect(globMatcher([own])(own)).toBe(true);
      expect(globMatcher([own])(`${own}/${inner}`)).toBe(true);
      expect(globMatcher([`${own}/x`])(own)).toBe(false);
    }),
  );
  const hard = `${'**/'.repeat(40)}${'*a'.repeat(40)}b`;
  const since = process.hrtime.bigint();
  expect(globMatcher([hard])(`${'a/'.repeat(200)}${'a'.repeat(250)}`)).toBe(false);
  expect(Number(process.hrtime.bigint() - since) / 1e6).toBeLessThan(1_000);
});
