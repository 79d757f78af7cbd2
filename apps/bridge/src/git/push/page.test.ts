import { expect, it } from 'vitest';
import { pageOf } from './page.js';

const own = [{ host: 'git.example.com:8443', kind: 'gitlab' }] as const;

it.each([
  ['https://github.com/a/b.git', 'https://github.com/a/b/tree/remuda/x%23y'],
  ['https://gitlab.com/g/sub/b/', 'https://gitlab.com/g/sub/b/-/tree/remuda/x%23y'],
  ['https://git.example.com:8443/a/b', 'https://git.example.com:8443/a/b/-/tree/remuda/x%23y'],
  ['https://git.example.com/a/b.git', 'https://git.example.com/a/b.git'],
])('a branch pushed to %s is shown at %s', (url, page) => {
  expect(pageOf(url, 'remuda/x#y', own)).toBe(page);
});
