import type { JobEvent, NewEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import { sayingsIn } from './sayings-in.js';

const events = (...all: readonly NewEvent[]): readonly JobEvent[] =>
  all.map((event, i) => ({ ...event, id: i + 1, attempt: 1 }));
const says = (text: string): NewEvent => ({ type: 'message.text', at: 5, data: { text } });
const texts = (...all: readonly NewEvent[]) => sayingsIn(events(...all)).map(({ text }) => text);

test('the answers are the texts in their order; empty ones, deltas and tools are none', () => {
  const delta: NewEvent = { type: 'message.delta', at: 5, data: { text: 'a' } };
  const tool: NewEvent = { type: 'tool.called', at: 5, data: { id: 't', name: 'Bash', input: {} } };
  expect(texts(delta, says('a'), tool, says(''), says('b'))).toEqual(['a', 'b']);
});

test('what an attempt said that was repeated from its beginning is left out, and of one that was resumed it stays', () => {
  const restarted: NewEvent = { type: 'attempt.restarted', at: 5, data: { reason: 'no_snapshot' } };
  const resumed: NewEvent = { type: 'attempt.resumed', at: 5, data: { sessionId: 's', snapshotAt: 1, bytes: 1 } };
  expect(texts(says('a'), restarted, says('b'), resumed, says('c'))).toEqual(['b', 'c']);
});

test('what a person said meanwhile is in its place, once, also if it was said to several attempts', () => {
  const steered: NewEvent = { type: 'turn.steered', at: 5, data: { id: 'a', text: 'use tabs' } };
  const resumed: NewEvent = { type: 'attempt.resumed', at: 5, data: { sessionId: 's', snapshotAt: 1, bytes: 1 } };
  const restarted: NewEvent = { type: 'attempt.restarted', at: 5, data: { reason: 'no_snapshot' } };
  expect(
    sayingsIn(events(says('a'), steered, says('b'), resumed, steered)).map(({ role, text }) => [role, text]),
  ).toEqual([
    ['assistant', 'a'],
    ['user', 'use tabs'],
    ['assistant', 'b'],
  ]);
  expect(texts(says('a'), steered, restarted, steered, says('c'))).toEqual(['use tabs', 'c']);
});
