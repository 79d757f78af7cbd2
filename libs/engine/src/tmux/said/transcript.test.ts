import { expect, test } from 'vitest';
import { isInterruption, isStopSummary, messageOf, readEntry, readHook } from './transcript.js';

const assistant = { type: 'assistant', message: { model: 'm', content: [{ type: 'text', text: 'hi' }] } };

test('what the model says, and what its tools give back, are messages as over stream-json', () => {
  expect(messageOf(assistant)).toEqual({ ...assistant, parent_tool_use_id: null });
  const returned = { type: 'user', message: { content: [{ type: 'tool_result', tool_use_id: 't', content: 'x' }] } };
  expect(messageOf(returned)).toMatchObject(returned);
  expect(messageOf({ ...assistant, isSidechain: true })).toMatchObject({ parent_tool_use_id: 'subagent' });
});

test('prompts, attachments and what Claude Code fills in itself are none', () => {
  expect(messageOf({ type: 'user', message: { content: 'a prompt' } })).toBeUndefined();
  expect(messageOf({ type: 'attachment' })).toBeUndefined();
  const content = [{ type: 'text', text: 'No response requested.' }];
  const filler = { type: 'assistant', message: { model: '<synthetic>', content } };
  expect(messageOf(filler)).toBeUndefined();
  expect(messageOf({ ...filler, isApiErrorMessage: true, error: 'rate_limit' })).toMatchObject({ error: 'rate_limit' });
});

test('a retry of a model request is told of, and a refused credential by its name', () => {
  const entry = { type: 'system', subtype: 'api_error', retryAttempt: 1, retryInMs: 500, error: { status: 401 } };
  const retry = { subtype: 'api_retry', attempt: 1, retry_delay_ms: 500, error_status: 401 };
  // an entry's `error` is an object here, where stream-json has a word
  expect(messageOf(entry as never)).toMatchObject({ ...retry, error: 'authentication_failed' });
});

test('Escape and the end of the Stop hooks are recognized', () => {
  const text = '[Request interrupted by user for tool use]';
  expect(isInterruption({ type: 'user', message: { content: [{ type: 'text', text }] } })).toBe(true);
  expect(isInterruption(assistant)).toBe(false);
  expect(isStopSummary({ type: 'system', subtype: 'stop_hook_summary' })).toBe(true);
});

test('what a job writes into the files of the engine is ignored unless it has their form', () => {
  expect(readHook('stop {"a":1}')).toEqual({ kind: 'stop', input: { a: 1 } });
  for (const line of ['', 'stop', 'stop {', 'stop []', 'other {}', 'stop "x"', '\u0000'])
    expect(readHook(line)).toBeUndefined();
  expect(readEntry('{"type":1}')).toBeUndefined();
});
