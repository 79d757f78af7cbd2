import { describe, expect, test } from 'vitest';
import { readPatch } from './patch.js';

const changed = `diff --git a/src/a.ts b/src/a.ts
index 1..2 100644
--- a/src/a.ts
+++ b/src/a.ts
@@ -1,3 +1,3 @@ function a
 one
-two
+2
 three
\\ No newline at end of file
`;

describe('a patch', () => {
  test('is read with the numbers of its lines', () => {
    const [file] = readPatch(changed);
    expect(file).toMatchObject({ path: 'src/a.ts', how: 'changed', binary: false, added: 1, removed: 1 });
    expect(file?.hunks[0]?.lines).toEqual([
      { kind: 'same', text: 'one', before: 1, after: 1 },
      { kind: 'removed', text: 'two', before: 2 },
      { kind: 'added', text: '2', after: 2 },
      { kind: 'same', text: 'three', before: 3, after: 3 },
      { kind: 'note', text: 'No newline at end of file' },
    ]);
  });

  test.each([
    ['added', 'new file mode 100644\n--- /dev/null\n+++ b/src/a.ts\n@@ -0,0 +1 @@\n+x\n'],
    ['deleted', 'deleted file mode 100644\n--- a/src/a.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n'],
    ['added', 'new file mode 100644\nindex 0..e69de29\n'],
  ])('says what was %s', (how, rest) => {
    expect(readPatch(`diff --git a/src/a.ts b/src/a.ts\n${rest}`)).toMatchObject([{ path: 'src/a.ts', how }]);
  });

  test('names both names of what was renamed', () => {
    const patch = 'diff --git a/a b c b/d e\nsimilarity index 100%\nrename from a b c\nrename to d e\n';
    expect(readPatch(patch)).toMatchObject([{ path: 'd e', from: 'a b c', how: 'renamed', hunks: [] }]);
  });

  test('says of what it has no lines', () => {
    const patch = 'diff --git a/p.png b/p.png\nindex 1..2\nGIT binary patch\nliteral 3\nKcmZ=\n\n';
    expect(readPatch(patch)).toMatchObject([{ path: 'p.png', binary: true, hunks: [] }]);
  });

  test('has names as they are, where git has to quote them', () => {
    const patch = 'diff --git "a/\\303\\244\\t\\"b" "b/\\303\\244\\t\\"b"\nnew file mode 100644\n';
    expect(readPatch(patch)[0]?.path).toBe('ä\t"b');
  });

  test('with lines that look like its own heads is not misread', () => {
    const patch = `${changed}diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n--- old\n+++ new\n same\n`;
    expect(readPatch(patch)).toMatchObject([{}, { path: 'x', added: 1, removed: 1 }]);
  });

  test('may be empty, or no patch at all', () => {
    expect(readPatch('')).toEqual([]);
    expect(readPatch('hello')).toEqual([]);
  });
});
