import { expect, test } from 'vitest';
import { canSessionMove, sessionMoves, sessionStates } from './session-state.js';

test('the table names known states only, and no state leads to itself', () => {
  for (const from of sessionStates)
    for (const to of sessionMoves[from]) {
      expect(sessionStates).toContain(to);
      expect(to).not.toBe(from);
    }
});

test('a turn begins only where none is under way', () => {
  expect(sessionStates.filter((from) => canSessionMove(from, 'running'))).toEqual(['idle', 'hibernated']);
});

test('every session can be stopped, and nothing moves one that is', () => {
  expect(sessionStates.filter((from) => !canSessionMove(from, 'stopped'))).toEqual(['stopped']);
  expect(sessionMoves.stopped).toEqual([]);
});
