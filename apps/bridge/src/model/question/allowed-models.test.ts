import { expect, test } from 'vitest';
import { allowsModel } from './allowed-models.js';

test.each([
  ['claude-sonnet-4-5', 'claude-sonnet-4-5'],
  ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
  ['claude-opus-4-5[1m]', 'claude-opus-4-5'],
  ['haiku', 'claude-haiku-4-5-20251001'],
  ['sonnet[1m]', 'claude-sonnet-5'],
  ['opusplan', 'claude-sonnet-5'],
  ['opusplan', 'claude-opus-4-8'],
  ['default', 'claude-opus-4-8'],
  ['best', 'claude-fable-5'],
  ['my-model', 'my-model'],
])('%s allows %s', (allowed, asked) => {
  expect(allowsModel([allowed], asked)).toBe(true);
});

test.each([
  ['claude-sonnet-4-5', 'claude-sonnet-5'],
  ['claude-sonnet-4-5', 'claude-opus-4-1'],
  ['claude-sonnet-4-5', 'claude-sonnet-4-5-fast'],
  ['haiku', 'claude-opus-4-8'],
  ['haiku', 'my-haiku'],
  ['haiku', 'claude-opus-haiku'],
  ['haiku', 'claude-haiku-opus-4-8'],
  ['opusplan', 'claude-opus-haiku-sonnet-5'],
  ['opusplan', 'claude-haiku-4-5'],
  ['my-model', 'my-models'],
  ['', 'claude-haiku-4-5'],
])('%s does not allow %s', (allowed, asked) => {
  expect(allowsModel([allowed], asked)).toBe(false);
});

test('no model is allowed by an empty list', () => {
  expect(allowsModel([], 'claude-sonnet-4-5')).toBe(false);
});
