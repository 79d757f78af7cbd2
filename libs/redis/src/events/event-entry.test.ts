import { expect, test } from 'vitest';
import { eventsOf, gapBefore } from '@remuda/domain';
import { readEventEntry } from './event-entry.js';

const events = [
  { type: 'message.text', at: 1, data: { text: 'a' } },
  { type: 'message.text', at: 2, data: { text: 'b' } },
];
const entry = readEventEntry(['7-0', ['n', '2', 'a', '3', 'd', JSON.stringify(events)]]);

test('an entry holds the events up to its id', () => {
  expect(eventsOf(entry, 0)).toEqual([
    { id: 6, attempt: 3, ...events[0] },
    { id: 7, attempt: 3, ...events[1] },
  ]);
});

test('a reader in the middle of an entry gets the rest of it', () => {
  expect(eventsOf(entry, 6).map((event) => event.id)).toEqual([7]);
  expect(eventsOf(entry, 7)).toEqual([]);
});

test('a hole before the first event held is declared, and only then', () => {
  expect(gapBefore(6, 2, 9)).toMatchObject([{ id: 5, type: 'stream.gap', data: { firstHeld: 6, missed: 3 } }]);
  expect(gapBefore(6, 5, 9)).toEqual([]);
});
