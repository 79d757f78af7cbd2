import { expect, test } from 'vitest';
import type { CliMessage } from '../../stream/cli-message.js';
import { endOf, isPrompt, isQueued } from './own-words.js';

const user = (content: unknown): CliMessage => ({ type: 'user', message: { content } }) as CliMessage;
const assistant = (stop_reason: string | null, ...types: string[]): CliMessage =>
  ({ type: 'assistant', message: { stop_reason, content: types.map((type) => ({ type, text: 'x' })) } }) as CliMessage;

test('a prompt is known again whatever became of its white space, also where it waited', () => {
  expect(isPrompt(user('one\n two  three '), 'one\n\ttwo three')).toBe(true);
  expect(isPrompt(user([{ type: 'text', text: 'one' }]), '\u2800one')).toBe(true);
  const queued = { type: 'attachment', attachment: { type: 'queued_command', prompt: 'one' } };
  expect(isPrompt(queued, 'one')).toBe(true);
  expect(isQueued({ type: 'queue-operation', operation: 'enqueue', content: 'one' }, 'one')).toBe(true);
});

test.each([
  user('one and two'),
  { type: 'assistant', message: { content: 'one' } },
  { type: 'last-prompt', lastPrompt: 'one' },
  { type: 'attachment', attachment: { type: 'file', prompt: 'one' } },
])('%j is another one', (entry) => {
  expect(isPrompt(entry, 'one')).toBe(false);
});

test.each([
  [assistant('end_turn', 'text'), 'answered'],
  [assistant('max_tokens', 'text'), 'answered'],
  [assistant('end_turn', 'thinking'), undefined],
  [assistant('tool_use', 'text'), undefined],
  [assistant(null, 'text'), undefined],
  [{ ...assistant('end_turn', 'text'), isSidechain: true }, undefined],
  [{ ...assistant('stop_sequence', 'text'), isApiErrorMessage: true }, 'failed'],
  [user('x'), undefined],
])('%j ends a turn as %s', (entry, end) => {
  expect(endOf(entry)).toBe(end);
});
