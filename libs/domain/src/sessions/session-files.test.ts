import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionFileList, filePathFault, isOfGit, pathInWorkspace, type SessionFilePart } from './session-files.js';

describe('the path of a file', () => {
  test.each(['a', 'src/a.ts', '...', 'a..b/..c', ' ', 'ä/é'])('can be %j', (path) => {
    expect(filePathFault(path)).toBeUndefined();
  });

  test.each(['', '/', '/etc/passwd', '..', 'a/../b', '../a', 'a/..', './a', 'a//b', 'a/', 'a\0b', 'a'.repeat(4_097)])(
    'cannot be %j',
    (path) => {
      expect(filePathFault(path)).toBeTypeOf('string');
    },
  );

  test.each([
    ['./a', 'a'],
    ['./src/', 'src'],
    ['a/b', 'a/b'],
    ['./', undefined],
    ['.', undefined],
    ['../a', undefined],
    ['/etc/passwd', undefined],
    ['./a/../../b', undefined],
  ])('is, packed as %j, %j', (packed, path) => {
    expect(pathInWorkspace(packed)).toBe(path);
  });

  test('tells what is of git', () => {
    expect(['.git/HEAD', 'lib/.git', '.gitignore', 'a.git/b'].map(isOfGit)).toEqual([true, true, false, false]);
  });
});

test('a list comes in parts, in the order of paths, with each file once, however they are packed', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 })), fc.integer({ min: 1, max: 5 }), (paths, limit) => {
      const seen: string[] = [];
      for (let after: string | undefined = ''; after !== undefined;) {
        const list: SessionFileList = new SessionFileList(after, limit);
        for (const path of paths) list.add({ path, bytes: 1 });
        const { files, next }: SessionFilePart = list.part();
        expect(files.length).toBeLessThanOrEqual(limit);
        seen.push(...files.map(({ path }) => path));
        after = next;
      }
      expect(seen).toEqual(paths.toSorted((a, b) => (a < b ? -1 : 1)));
    }),
  );
  const list = new SessionFileList('', 2);
  for (let i = 9_999; i >= 0; i--) list.add({ path: String(i).padStart(4, '0'), bytes: i });
  expect(list.part()).toEqual({
    files: [
      { path: '0000', bytes: 0 },
      { path: '0001', bytes: 1 },
    ],
    next: '0001',
  });
});
