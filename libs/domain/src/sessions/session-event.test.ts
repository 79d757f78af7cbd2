import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPosition, parsePosition, sessionEvent, sessionStart } from './session-event.js';

test('a place is read as it was written, and anything else is none', () => {
  const whole = fc.integer({ min: 0, max: 999_999_999 });
  fc.assert(
    fc.property(whole, whole, (turn, event) => {
      expect(parsePosition(formatPosition({ turn, event }))).toEqual({ turn, event });
    }),
  );
  expect(parsePosition('0')).toEqual(sessionStart);
  for (const text of ['', '1', '1.', '.1', '1.2.3', '-1.2', '1.2 ', 'a.b', '1'.repeat(16) + '.1'])
    expect(parsePosition(text), text).toBeUndefined();
});

test('an event of a turn has an id of its session', () => {
  const event = { id: 17, attempt: 1, type: 'message.text', at: 5, data: { text: 'x' } } as const;
  expect(sessionEvent({ number: 3, job: 'j-1' }, event)).toEqual({ id: '3.17', turn: 3, job: 'j-1', event });
});
