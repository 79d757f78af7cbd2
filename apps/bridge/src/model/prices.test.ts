import { expect, test } from 'vitest';
import { costMicroUsd, mostMicroUsd } from './prices.js';

const million = 1_000_000;
const usage = {
  inputTokens: million,
  outputTokens: million,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  cacheWriteHourTokens: 0,
  fast: false,
};
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

test('a model that nobody knows counts as the dearest', () => {
  expect(dollars('gpt-900')).toBe(90);
  expect(dollars('')).toBe(90);
});

test('the cache is cheap to read, dearer to write, dearest to keep for an hour; fast answers cost more', () => {
  const cached = { inputTokens: 0, outputTokens: 0 };
  expect(dollars('claude-sonnet-4-5', { ...cached, cacheReadTokens: million })).toBeCloseTo(0.3);
  expect(dollars('claude-sonnet-4-5', { ...cached, cacheWriteTokens: million })).toBeCloseTo(3.75);
  expect(
    dollars('claude-sonnet-4-5', { ...cached, cacheWriteTokens: million, cacheWriteHourTokens: million }),
  ).toBeCloseTo(6);
  expect(dollars('claude-opus-4-8', { fast: true })).toBe(180);
});

test('the most that a request may cost is that of the dearest model it may ask for', () => {
  // 1,000 tokens written for an hour at twice the input's price, and a long answer
  expect(mostMicroUsd(['haiku', 'claude-sonnet-4-5'], 3_000)).toBe(6_000 + 64_000 * 15);
  expect(mostMicroUsd([], 3_000)).toBe(0);
});
