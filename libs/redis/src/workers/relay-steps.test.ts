import { expect, test } from 'vitest';
import { isLaterEntry, stepsOf } from './relay-steps.js';

const heartbeat = '[{"kind":"heartbeat","phase":"idle","rssMb":1}]';
const said = (text: string): string =>
  `{"kind":"events","job":"j","lease":1,"events":[{"type":"message.text","at":1,"data":{"text":"${text}"}}]}`;
const start = { cursor: '0-0', entry: '0-0' };
const kinds = (entries: readonly (readonly [string, string])[], cursor = '0-0'): string[] =>
  stepsOf(
    entries.map(([id, text]) => [id, ['d', text]]),
    { cursor, entry: `${String(Math.max(0, Number.parseInt(cursor) - 1))}-0` },
    0,
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
      start,
      0,
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

test('numbers that are missing show as a gap before what the job says next', () => {
  const entries = [
    ['1-0', `[${said('a')}]`],
    ['5-0', heartbeat],
    ['6-0', `[${said('b')}]`],
  ] as const;
  const steps = stepsOf(
    entries.map(([id, text]) => [id, ['d', text]]),
    start,
    9,
  );
  expect(steps.map((step) => step.kind)).toEqual(['events', 'status', 'events']);
  expect(steps[2]).toMatchObject({
    after: '6-1',
    events: [{ type: 'stream.gap', at: 9, data: { reports: 3 } }, { type: 'message.text' }],
  });
});

test('a gap before an outcome is told of by itself, and not once more when the outcome is read again', () => {
  const outcome = '[{"kind":"outcome","job":"j","lease":1,"outcome":{"kind":"cancelled"}}]';
  const steps = stepsOf([['3-0', ['d', outcome]]], { cursor: '1-1', entry: '1-0' }, 0);
  expect(steps).toMatchObject([
    { kind: 'events', after: '3-0', events: [{ type: 'stream.gap' }] },
    { kind: 'outcome', after: '3-1' },
  ]);
  expect(stepsOf([['3-0', ['d', outcome]]], { cursor: '3-0', entry: '2-0' }, 0).map((step) => step.kind)).toEqual([
    'outcome',
  ]);
});

test('entries are compared by both of their numbers, however large', () => {
  expect(isLaterEntry('18446744073709551615-0', '18446744073709551614-5')).toBe(true);
  expect(isLaterEntry('2-1', '2-0')).toBe(true);
  expect(isLaterEntry('2-0', '2-0')).toBe(false);
  expect(isLaterEntry('9-0', '10-0')).toBe(false);
});
