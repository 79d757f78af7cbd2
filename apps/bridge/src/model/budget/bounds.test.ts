import { expect, test } from 'vitest';
import { boundedTo, leastMicroUsd } from './bounds.js';
import { mostMicroUsd } from './estimate.js';

const estimate = { inputMicroUsd: 4_000, tokenMicroUsd: 15, maxTokens: 64_000, callsMicroUsd: 0 };
const body = { model: 'm', max_tokens: 64_000 };

test('a request that fits is left as it is', () => {
  expect(boundedTo(body, estimate, mostMicroUsd(estimate))).toBe(body);
});

test('the answer is as long as what is left pays for, with reading the request at a fair price', () => {
  expect(boundedTo(body, estimate, 33_000)).toEqual({ ...body, max_tokens: 2_000 });
});

test('with what it takes to begin, a request asks for a short answer, or for all if that is shorter', () => {
  expect(boundedTo(body, estimate, leastMicroUsd(body, estimate))).toEqual({ ...body, max_tokens: 1_024 });
  expect(leastMicroUsd(body, { ...estimate, maxTokens: 10 })).toBe(3_000 + 150);
});

test('what is set aside for thinking stays smaller than the answer, and no smaller than the API takes', () => {
  const thinking = { type: 'enabled', budget_tokens: 31_999, display: 'updates' };
  const asked = { ...body, thinking };
  const least = boundedTo(asked, estimate, leastMicroUsd(asked, estimate));
  expect(least).toEqual({ ...body, max_tokens: 2_048, thinking: { ...thinking, budget_tokens: 1_024 } });
  expect(boundedTo(asked, estimate, 3_000 + 15 * 40_000)).toEqual({ ...asked, max_tokens: 40_000 });
});
