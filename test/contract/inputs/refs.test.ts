import { spawnSync } from 'node:child_process';
import { refFault } from '@remuda/domain';
import { expect, test } from 'vitest';
import { goodRefs, refusedRefs } from './refs.js';

/** What git itself says of a name of a branch. */
const gitTakes = (name: string): boolean => spawnSync('git', ['check-ref-format', `refs/heads/${name}`]).status === 0;

test.each(goodRefs)('%s is a ref to git, and to us', (ref) => {
  expect(refFault(ref)).toBeUndefined();
  expect(gitTakes(ref)).toBe(true);
});

test.each(refusedRefs)('%j is refused', (ref) => {
  expect(refFault(ref)).toBeDefined();
});

/** Chance by a seed, so that what fails once fails again. */
function* chances(seed: number): Generator<number, never> {
  for (let at = seed; ;) {
    at = (Math.imul(at, 1_664_525) + 1_013_904_223) >>> 0;
    yield at / 2 ** 32;
  }
}

test('takes what git takes, and nothing else', () => {
  const chance = chances(18);
  const below = (n: number): number => Math.floor(chance.next().value * n);
  const pieces = [
    'a',
    'B',
    '0',
    '.',
    '..',
    '/',
    '//',
    '@',
    '@{',
    '.lock',
    '-',
    '#',
    '(',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\\',
    ' ',
    '\t',
    '\u007f',
    'é',
    '功',
    '😀',
    '{',
    '}',
    '%',
    "'",
  ];
  for (let i = 0; i < 400; i++) {
    const name = Array.from({ length: 1 + below(5) }, () => pieces[below(pieces.length)]).join('');
    // git takes a branch @ in its full name only, and an option nowhere.
    if (name === '@' || name.startsWith('-')) continue;
    expect([name, refFault(name) === undefined]).toEqual([name, gitTakes(name)]);
  }
});
