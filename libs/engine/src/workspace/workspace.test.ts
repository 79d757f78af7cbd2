import { expect, it } from 'vitest';
import { branchOf } from './workspace.js';

it.each([
  ['main', 'main'],
  ['refs/heads/a/b', 'a/b'],
  ['refs/tags/v1', 'v1'],
  ['refs/pull/1/head', 'work'],
  ['HEAD', 'work'],
  ['0123456789012345678901234567890123456789', 'work'],
])('names the branch for %s %s', (ref, branch) => {
  expect(branchOf(ref)).toBe(branch);
});
