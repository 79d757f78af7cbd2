import { expect, test } from 'vitest';
import { readModelName } from './model-name.js';

test.each([
  ['claude-sonnet-4-5-20250929', 'sonnet', '4-5'],
  ['claude-opus-4-8[1m]', 'opus', '4-8'],
  ['claude-opus-4-20250514', 'opus', '4'],
  ['claude-3-5-haiku-20241022', 'haiku', '3-5'],
  ['claude-3-5-haiku-latest', 'haiku', '3-5'],
  ['claude-fable-5', 'fable', '5'],
])('%s is of %s, version %s', (name, family, version) => {
  expect(readModelName(name)).toEqual({ family, version });
});

test.each([
  'claude-opus-haiku',
  'claude-haiku-opus-5-5',
  'claude-3-opus-4',
  'claude-haiku-4-5-fast',
  'claude-sonnet-4-5\n',
  'my-haiku',
  'xclaude-haiku',
  'haiku',
  '',
])('%j is no name of that kind', (name) => {
  expect(readModelName(name)).toBeUndefined();
});
