import { expect, test } from 'vitest';
import { costMicroUsd, noUsage } from './prices.js';

const million = 1_000_000;
const usage = { ...noUsage, inputTokens: million, outputTokens: million };
const dollars = (model: string, more: Partial<typeof usage> = {}): number =>
  costMicroUsd(model, { ...usage, ...more }) / million;

test.each([
  ['claude-opus-4-8[1m]', 30],
  ['claude-opus-4-5-20251101', 30],
  ['claude-opus-5', 30],
  ['claude-opus-5-5', 24],
  ['claude-opus-4-1-20250805', 90],
  ['claude-opus-4-20250514', 90],
  ['claude-sonnet-4-5-20250929', 18],
  ['claude-sonnet-5-5', 12],
  ['claude-haiku-4-5', 6],
  ['claude-fable-5', 60],
])('a million tokens in and out of %s are %d dollars', (model, expected) => {
  expect(dollars(model)).toBeCloseTo(expected);
});

test.each(['gpt-900', '', 'my-haiku', 'claude-haiku-opus-5-5', 'claude-haiku-4-5-fast', 'haiku'])(
  '%j is a model that nobody knows, and counts as the dearest',
  (model) => {
    expect(dollars(model)).toBe(90);
  },
);

test('the cache is cheap to read, dearer to write, dearest to keep for an hour; fast answers cost more', () => {
  const cached = { inputTokens: 0, outputTokens: 0 };
  expect(dollars('claude-sonnet-4-5', { ...cached, cacheReadTokens: million })).toBeCloseTo(0.3);
  expect(dollars('claude-sonnet-4-5', { ...cached, cacheWriteTokens: million })).toBeCloseTo(3.75);
  expect(
    dollars('claude-sonnet-4-5', { ...cached, cacheWriteTokens: million, cacheWriteHourTokens: million }),
  ).toBeCloseTo(6);
  expect(dollars('claude-opus-4-8', { fast: true })).toBe(180);
});

test('searches and runs of code on the side of the vendor have prices of their own, also in a fast answer', () => {
  expect(costMicroUsd('claude-opus-4-8', { ...noUsage, webSearches: 1_000 })).toBe(10 * million);
  expect(costMicroUsd('claude-opus-4-8', { ...noUsage, codeRuns: 20, fast: true })).toBe(million);
});
