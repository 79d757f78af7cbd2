import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EntryWatch, innerPath, type EntryKind } from './packed-entry.js';

const limits = { maxEntries: 100, maxBytes: 1_000 };
const file = (path: string, bytes = 1) => ({ path, kind: 'file' as const, bytes });

test.each([
  ['a/b.txt', 'a/b.txt'],
  ['./a', 'a'],
  ['././a/', 'a'],
  ['./', ''],
  ['.', ''],
  ['.git/config', '.git/config'],
  ['..a/b..', '..a/b..'],
])('%j is the path %j', (path, plain) => {
  expect(innerPath(path)).toBe(plain);
});

test.each([
  '..',
  '../a',
  'a/../../b',
  'a/..',
  '/etc/passwd',
  '/',
  '',
  'a//b',
  'a/./b',
  'a\u0000b',
  'a\nb',
  'x'.repeat(256),
])('%j is none', (path) => {
  expect(innerPath(path)).toBeUndefined();
});

test('whatever a path is: it stays within, and is its own plain form', () => {
  const piece = fc.constantFrom('..', '.', '/', 'a', 'b', '//', './', '\u0000', '...');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const plain = innerPath(pieces.join(''));
      if (plain === undefined || plain === '') return;
      expect(plain.split('/').some((name) => ['', '.', '..'].includes(name))).toBe(false);
      expect(innerPath(plain)).toBe(plain);
    }),
  );
});

describe('of an archive are refused', () => {
  test.each<[EntryKind]>([['link'], ['device'], ['other']])('a %s', (kind) => {
    expect(new EntryWatch(limits).next({ path: 'a', kind, bytes: 0 })).toHaveProperty('fault');
  });

  test('more entries or more bytes than it may have, to the one', () => {
    const many = new EntryWatch({ ...limits, maxEntries: 2 });
    expect([many.next(file('a')), many.next(file('b'))]).toEqual([{ path: 'a' }, { path: 'b' }]);
    expect(many.next(file('c'))).toEqual({ fault: 'it has more than 2 files and folders' });
    const large = new EntryWatch({ ...limits, maxBytes: 10 });
    expect(large.next(file('a', 10))).toEqual({ path: 'a' });
    expect(large.next(file('b', 1))).toEqual({ fault: 'it unpacks to more than 10 bytes' });
    expect(new EntryWatch(limits).next(file('a', -1))).toHaveProperty('fault');
    expect(new EntryWatch(limits).next(file('a', NaN))).toHaveProperty('fault');
  });

  test.each([
    ['a file below a file', [file('a'), file('a/b')]],
    ['a file that is a folder', [file('a/b'), file('a')]],
    ['a folder that is a file', [file('a'), { path: 'a', kind: 'folder' as const, bytes: 0 }]],
    ['a file that comes twice', [file('a'), file('./a')]],
    ['the folder itself as a file', [file('./')]],
  ])('%s', (_, entries) => {
    const watch = new EntryWatch(limits);
    expect(entries.map((entry) => watch.next(entry)).at(-1)).toHaveProperty('fault');
  });
});

test('what it lets pass can all be written into one folder', () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join('/'));
  const entry = fc.record({ path, kind: fc.constantFrom('file' as const, 'folder' as const), bytes: fc.nat(5) });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 12 }), (entries) => {
      const watch = new EntryWatch(limits);
      const passed = entries.filter((each) => 'path' in watch.next(each));
      const files = passed.filter(({ kind }) => kind === 'file').map((each) => each.path);
      expect(new Set(files).size).toBe(files.length);
      for (const each of passed) for (const one of files) expect(each.path.startsWith(`${one}/`)).toBe(false);
    }),
  );
});
