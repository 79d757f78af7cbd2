import { expect, test } from 'vitest';
import { limitResetAt } from './usage-limit.js';

const now = 1_800_000_000_000;
const unified = (reset: string, status = 'rejected') => ({
  'anthropic-ratelimit-unified-status': status,
  'anthropic-ratelimit-unified-reset': reset,
});

test("the account's limit is lifted when its reset says", () => {
  expect(limitResetAt(429, unified('1800003600'), now)).toBe(now + 3_600_000);
});

test('a long retry-after is a limit, in seconds or as a date', () => {
  expect(limitResetAt(429, { 'retry-after': '7200' }, now)).toBe(now + 7_200_000);
  const date = new Date(now + 600_000).toUTCString();
  expect(limitResetAt(429, { 'retry-after': date }, now)).toBe(now + 600_000);
});

test.each([
  ['another status', 529, unified('1800003600')],
  ['an account that is only warned', 429, unified('1800003600', 'allowed_warning')],
  ['a reset that has passed', 429, unified('1799999999')],
  ['a reset that is no time', 429, unified('soon')],
  ['a reset that lies years ahead', 429, unified('9999999999')],
  ['a short retry-after, which Claude Code sits out', 429, { 'retry-after': '30' }],
  ['a retry-after that is no time', 429, { 'retry-after': 'later' }],
  ['no word of when', 429, {}],
])('%s is no limit', (_what, status, headers) => {
  expect(limitResetAt(status, headers, now)).toBeUndefined();
});
