import type { SessionEvent } from '@remuda/client';
import { expect, test } from 'vitest';
import { addTurnEvents } from './turns.js';

const said = (turn: number, id: number, type: string, data: object = {}): SessionEvent =>
  ({
    id: `${turn}.${id}`,
    turn,
    job: `j-${turn}`,
    event: { id, at: id, attempt: 1, type, data },
  }) as unknown as SessionEvent;
const assigned = { start: { kind: 'warm' }, worker: 'w' };

test('turns stand in order, each with its own events and its state', () => {
  const turns = addTurnEvents(
    [],
    [
      said(1, 1, 'job.queued', { profile: 'p' }),
      said(2, 1, 'job.queued', { profile: 'p' }),
      said(1, 2, 'job.assigned', assigned),
      said(1, 3, 'message.text', { text: 'one' }),
      said(1, 4, 'job.over', { state: 'succeeded' }),
      said(2, 2, 'job.assigned', assigned),
    ],
  );
  expect(turns.map(({ number, job, state, since }) => [number, job, state, since])).toEqual([
    [1, 'j-1', 'succeeded', 1],
    [2, 'j-2', 'running', 1],
  ]);
  expect(turns[0]?.timeline.items.map(({ id }) => id)).toEqual([1, 2, 3, 4]);
});

test('a turn without new events stays the same object, and events that came before come no second time', () => {
  const events = [said(1, 1, 'job.queued', { profile: 'p' }), said(1, 2, 'message.text', { text: 'x' })];
  const before = addTurnEvents([], events);
  const after = addTurnEvents(before, [said(2, 1, 'job.queued', { profile: 'p' })]);
  expect(after[0]).toBe(before[0]);
  expect(addTurnEvents(before, events)[0]?.timeline.items).toHaveLength(2);
});
