import { expect, test } from 'vitest';
import { spentOf } from './spent.js';

test('a job has spent what the bridge counted, over all attempts', () => {
  const counts = {
    requests: '3',
    inputTokens: '10',
    outputTokens: '20',
    cacheReadTokens: '5',
    costMicroUsd: '1500000',
  };
  expect(spentOf({ ...counts, 'before:inputTokens': '4' })).toEqual({
    usage: { inputTokens: 10, outputTokens: 20, cacheReadTokens: 5, cacheWriteTokens: 0 },
    costUsd: 1.5,
  });
});

test('nothing is known where no request was counted', () => {
  expect(spentOf({ firstTokenAt: '1' })).toBeUndefined();
  expect(spentOf({ requests: '0' })).toBeUndefined();
});
