import type { JobEvent, NewEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import { answersIn } from './answers-in.js';

const events = (...all: readonly NewEvent[]): readonly JobEvent[] =>
  all.map((event, i) => ({ ...event, id: i + 1, attempt: 1 }));
const says = (text: string): NewEvent => ({ type: 'message.text', at: 5, data: { text } });
const texts = (...all: readonly NewEvent[]) => answersIn(events(...all)).map(({ text }) => text);

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
