import { expect, it } from 'vitest';
import { AnswerCount } from './answer-count.js';
import type { CliMessage } from '../stream/cli-message.js';

const start: CliMessage = { type: 'stream_event', event: { type: 'message_start' } };
const stop: CliMessage = { type: 'stream_event', event: { type: 'message_stop' } };
const said = (id?: string): CliMessage => ({
  type: 'assistant',
  message: { ...(id === undefined ? {} : { id }), content: [{ type: 'text', text: 'x' }] },
});
const returned: CliMessage = { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 't' }] } };
const continued: CliMessage = {
  type: 'user',
  isSynthetic: true,
  message: { content: [{ type: 'text', text: 'Your response above was cut off mid-stream. Resume directly.' }] },
};

const counted = (...messages: readonly CliMessage[]): number => {
  const answers = new AnswerCount();
  for (const message of messages) answers.see(message);
  return answers.count;
};

it.each([
  ['several blocks of one answer', 1, [start, said('a'), said('a'), stop]],
  [
    'answers that all have the same id',
    3,
    [start, said('a'), stop, returned, start, said('a'), stop, start, said('a'), stop],
  ],
  ['answers without ids', 2, [start, said(), stop, returned, start, said(), stop]],
  ['answers with another id for each block', 1, [start, said('a'), said('b'), stop]],
  ['answers that are not streamed', 2, [said('a'), said('a'), returned, said('a')]],
  ['a tool that returns while its answer is still streamed', 1, [start, said('a'), returned, said('a'), stop]],
  ['a stream that is begun again before anything was said', 1, [start, start, said('a'), stop]],
  ['a stream that broke off and went on without streaming', 2, [start, said('a'), returned, start, said('a'), stop]],
  ['one that was cut off and went on where it stopped', 1, [start, said('a'), stop, continued, start, said('b'), stop]],
  ['the same where its stream was not ended', 1, [start, said('a'), continued, start, said('b'), stop]],
  ['the same without streaming', 1, [said('a'), continued, said('b')]],
  ['one that was cut off before it said anything', 1, [start, stop, continued, start, said('b'), stop]],
  [
    'what follows one that went on',
    2,
    [start, said('a'), stop, continued, start, said('b'), stop, returned, said('c')],
  ],
  ['what a subagent says', 0, [{ ...said('a'), parent_tool_use_id: 'agent' }]],
  ['what Claude Code says in the place of an answer', 0, [{ ...said('a'), error: 'unknown' }]],
])('counts %s', (_what, count, messages) => {
  expect(counted(...messages)).toBe(count);
});
