import { expect, it } from 'vitest';
import { asPrompt } from './prompt.js';

it.each([
  ['hello', ['hello']],
  ['see /tmp', ['see /tmp']],
  [' /tmp', [' /tmp']],
  ['/tmp/x is full\n/why', ['/tmp/x', ' is full\n/why']],
  ['/clear\nall caches', ['/clear', '\nall caches']],
  ['/clear', [' /clear']],
  ['/clear  ', [' /clear  ']],
  ['/', [' /']],
])('makes of %j the texts of a message that is no command', (text, texts) => {
  expect(asPrompt(text)).toEqual(texts);
});
