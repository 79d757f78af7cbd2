import { expect, test } from 'vitest';
import { afterCut, afterEvent, noAnswer, usedSince } from './answer.js';

const start = JSON.stringify({
  type: 'message_start',
  message: {
    model: 'claude-sonnet-4-5',
    usage: {
      input_tokens: 10,
      output_tokens: 1,
      cache_read_input_tokens: 20,
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_1h_input_tokens: 30 },
    },
  },
});
const delta = JSON.stringify({
  type: 'content_block_delta',
  index: 0,
  delta: { type: 'text_delta', text: 'x'.repeat(300) },
});
const end = JSON.stringify({ type: 'message_delta', delta: {}, usage: { output_tokens: 50 } });

test('a stream is counted as the model says it: input at the start, output at the end', () => {
  const begun = afterEvent(noAnswer, 'message_start', start);
  expect(begun.usage).toMatchObject({
    inputTokens: 10,
    outputTokens: 1,
    cacheReadTokens: 20,
    cacheWriteHourTokens: 30,
  });
  const ended = afterEvent(afterEvent(begun, 'content_block_delta', delta), 'message_delta', end);
  expect(ended.usage.outputTokens).toBe(50);
  expect(usedSince(begun, ended)).toEqual({
    usage: { inputTokens: 0, outputTokens: 49, cacheReadTokens: 0, cacheWriteTokens: 0 },
    costMicroUsd: 49 * 15,
  });
  expect(afterCut(ended)).toEqual(ended);
});

test('output of a stream that was cut is estimated by what was seen of it', () => {
  const seen = afterEvent(afterEvent(noAnswer, 'message_start', start), 'content_block_delta', delta);
  const cut = afterCut(seen);
  expect(cut.usage.outputTokens).toBeGreaterThanOrEqual(100);
  expect(cut.usage.outputTokens).toBeLessThan(120);
  expect(afterCut(cut)).toEqual(cut);
});

test.each(['nonsense', 'null', '[]', '{"message":7}', '{"message":{"usage":{"input_tokens":-1,"output_tokens":"9"}}}'])(
  'an event that holds %s counts nothing',
  (data) => {
    for (const type of ['message_start', 'message_delta', 'message', 'ping'])
      expect(usedSince(noAnswer, afterEvent(noAnswer, type, data)).costMicroUsd).toBe(0);
  },
);

test('what was used besides is counted too: to sum up, and by another model, at its price', () => {
  const usage = {
    input_tokens: 10,
    output_tokens: 20,
    server_tool_use: { web_search_requests: 2 },
    iterations: [
      { type: 'message', input_tokens: 10, output_tokens: 20 },
      { type: 'compaction', input_tokens: 100, output_tokens: 5 },
      { type: 'advisor_message', model: 'claude-opus-4-8', input_tokens: 1_000, output_tokens: 1 },
    ],
  };
  const whole = afterEvent(noAnswer, 'message', JSON.stringify({ model: 'claude-sonnet-4-5', usage }));
  expect(usedSince(noAnswer, whole)).toEqual({
    usage: { inputTokens: 1_110, outputTokens: 26, cacheReadTokens: 0, cacheWriteTokens: 0 },
    costMicroUsd: 330 + 20_000 + 375 + 5_025,
  });
});
