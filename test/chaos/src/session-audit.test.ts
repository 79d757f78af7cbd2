import type { JobEvent, SessionEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import { holesOfSession, overlapsOf } from './session-audit.js';

const of = (turn: number, id: number, type: 'job.queued' | 'job.assigned' | 'job.over', at = turn * 10 + id) =>
  ({
    id: `${String(turn)}.${String(id)}`,
    turn,
    job: `j-${String(turn)}`,
    event: { id, type, at } as JobEvent,
  }) satisfies SessionEvent;
const whole = (turn: number) => [of(turn, 1, 'job.queued'), of(turn, 2, 'job.assigned'), of(turn, 3, 'job.over')];
const session = (...events: readonly SessionEvent[]) => ({ id: 's-1', events });

test.each([
  ['whole turns in a row', session(...whole(1), ...whole(2)), 0],
  ['a turn under way', session(...whole(1), of(2, 1, 'job.queued')), 0],
  ['an event that is missing', session(of(1, 1, 'job.queued'), of(1, 3, 'job.over')), 1],
  ['a turn that is missing', session(...whole(1), ...whole(3)), 1],
  ['a turn without its end', session(...whole(1).slice(0, 2), ...whole(2)), 1],
  ['an event that comes twice', session(...whole(1), of(1, 3, 'job.over')), 1],
])('%s has as many holes as it should', (_, seen, holes) => {
  expect(holesOfSession(seen)).toHaveLength(holes);
});

test('a turn that is assigned before the one before is over is noticed, by its time too', () => {
  expect(overlapsOf(session(...whole(1), ...whole(2)))).toEqual([]);
  expect(overlapsOf(session(...whole(1), of(2, 1, 'job.queued'), of(2, 2, 'job.assigned', 11)))).toHaveLength(1);
  expect(overlapsOf(session(of(1, 1, 'job.assigned'), of(2, 1, 'job.assigned')))).toHaveLength(1);
});
