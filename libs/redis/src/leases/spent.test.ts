import { expect, test } from 'vitest';
import { spentByAttempt, spentOf } from './spent.js';

const counts = {
  ...{ requests: '3', inputTokens: '10', outputTokens: '20', cacheReadTokens: '5', costMicroUsd: '1500000' },
  ...{ 'before:inputTokens': '4', 'before:outputTokens': '20', 'before:costMicroUsd': '500000' },
};

test('a job has spent what the bridge counted, and an attempt what came since it began', () => {
  expect(spentOf(counts)).toEqual({
    usage: { inputTokens: 10, outputTokens: 20, cacheReadTokens: 5, cacheWriteTokens: 0 },
    costUsd: 1.5,
  });
  expect(spentByAttempt(counts)).toEqual({
    usage: { inputTokens: 6, outputTokens: 0, cacheReadTokens: 5, cacheWriteTokens: 0 },
    costUsd: 1,
  });
});

test('nothing is known where no request was counted', () => {
  expect(spentOf({ firstTokenAt: '1' })).toBeUndefined();
  expect(spentOf({ requests: '0' })).toBeUndefined();
  expect(spentByAttempt({})).toBeUndefined();
});
