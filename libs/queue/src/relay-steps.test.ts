import { expect, test } from 'vitest';
import { stepsOf } from './relay-steps.js';

const heartbeat = '[{"kind":"heartbeat","phase":"idle","rssMb":1}]';
const said = (text: string): string =>
  `{"kind":"events","job":"j","lease":1,"events":[{"type":"message.text","at":1,"data":{"text":"${text}"}}]}`;
const kinds = (entries: readonly (readonly [string, string])[], cursor = '0-0'): string[] =>
  stepsOf(
    entries.map(([id, text]) => [id, ['d', text]]),
    cursor,
  ).map((step) => step.kind);

test('an entry whose number is none that a cursor can hold is unreadable, and those beside it are read', () => {
  expect(
    kinds([
      ['1-0', heartbeat],
      ['18446744073709551614-0', heartbeat],
      ['18446744073709551615-0', `[${said('a')}]`],
    ]),
  ).toEqual(['status', 'unreadable', 'unreadable']);
});

test('an entry without a report is unreadable, and the next one is read', () => {
  expect(
    stepsOf(
      [
        ['1-0', []],
        ['2-0', ['x']],
        ['3-0', ['d', heartbeat]],
      ],
      '0-0',
    ).map((step) => step.kind),
  ).toEqual(['unreadable', 'unreadable', 'status']);
});

test('events that were refused are told of, beside those that were read', () => {
  const mixed = said('a').replace('"events":[', '"events":[{},');
  expect(kinds([['1-0', `[${mixed},${said('b')}]`]])).toEqual(['unreadable', 'events']);
});

test('what stands before the cursor is not taken again', () => {
  expect(kinds([['1-0', `[${said('a')},{},${said('b')}]`]], '1-2')).toEqual(['events']);
});
