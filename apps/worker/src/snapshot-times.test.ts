import type { NewEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import { SnapshotTimes } from './snapshot-times.js';

const started: NewEvent = { type: 'session.started', at: 0, data: { sessionId: 's', model: 'm', tools: [] } };
const called = (id: string): NewEvent => ({ type: 'tool.called', at: 0, data: { id, name: 'Bash', input: {} } });
const returned = (id: string): NewEvent => ({ type: 'tool.returned', at: 0, data: { id, ok: true, output: '' } });

function after(...events: readonly NewEvent[]): SnapshotTimes {
  const times = new SnapshotTimes(5_000, 0);
  for (const event of [started, ...events]) times.note(event);
  return times;
}

test('nothing is copied before a tool has returned, nor while one runs', () => {
  expect(after().dueIn(60_000)).toBeUndefined();
  expect(after(called('a')).dueIn(60_000)).toBeUndefined();
  expect(after(called('a'), called('b'), returned('a')).dueIn(60_000)).toBeUndefined();
  expect(after(called('a'), returned('a')).dueIn(60_000)).toBe(100);
});

test('the first copy is due so long after the beginning, each other so long after the one before', () => {
  const times = after(called('a'), returned('a'));
  expect(times.dueIn(1_000)).toBe(4_000);
  expect(times.begin(5_000)).toEqual({ sessionId: 's', toolId: 'a' });
  times.end('whole');
  expect(times.dueIn(60_000)).toBeUndefined();
  times.note(called('b'));
  times.note(returned('b'));
  expect(times.dueIn(6_000)).toBe(4_000);
});

test('a copy that a tool overtakes is given up, but not for ever', () => {
  const times = after(called('a'), returned('a'));
  for (const n of [1, 2, 3]) {
    times.begin(n);
    times.note(called(String(n)));
    expect(times.overtaken).toBe(true);
    times.end('given_up');
    times.note(returned(String(n)));
    expect(times.dueIn(60_000)).toBe(100);
  }
  times.begin(4);
  times.note(called('4'));
  expect(times.overtaken).toBe(false);
  times.end('whole');
  times.note(called('5'));
  expect(times.overtaken).toBe(true);
});
