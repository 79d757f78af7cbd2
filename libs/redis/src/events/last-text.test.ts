import { expect, test } from 'vitest';
import type { NewEvent } from '@remuda/domain';
import { lastTextOf } from './last-text.js';

/** Entries of a stream, the latest first. */
const entries = (...batches: readonly (readonly [attempt: number, ...events: readonly NewEvent[]])[]) =>
  batches
    .map(([attempt, ...events], i) => {
      const fields = ['n', String(events.length), 'a', String(attempt), 'd', JSON.stringify(events)];
      return [`${String(i + 1)}-0`, fields] as const;
    })
    .reverse();
const text = (said: string): NewEvent => ({ type: 'message.text', at: 0, data: { text: said } });
const delta = (said: string): NewEvent => ({ type: 'message.delta', at: 0, data: { text: said } });
const call: NewEvent = { type: 'tool.called', at: 0, data: { id: 't', name: 'Bash', input: {} } };

test('the last text is found behind the tool calls that came after it', () => {
  expect(lastTextOf(entries([1, text('first'), text('second'), call], [1, call]), 1)).toBe('second');
});

test('a text that was not at its end is put together from its pieces', () => {
  expect(
    lastTextOf(entries([1, text('before'), call, delta('So I ')], [1, delta('will ')], [1, delta('now')]), 1),
  ).toBe('So I will now');
});

test('what an earlier attempt said is not what this one said', () => {
  expect(lastTextOf(entries([1, text('of the first')], [2, call]), 2)).toBe('');
});

test('of a long text the end is kept', () => {
  expect(lastTextOf(entries([1, text('x'.repeat(10_000) + 'end')]), 1)).toMatch(/^x{3997}end$/);
});

test('what an earlier release let into a stream is passed over', () => {
  const odd = [
    ['2-0', ['n', '1', 'a', '1', 'd', '[{"type":"message.delta","at":0,"data":{}}]']],
    ['1-0', ['n', '1', 'a', '1', 'd', 'no JSON']],
  ] as const;
  expect(lastTextOf([...odd, ...entries([1, text('said')])], 1)).toBe('said');
});
