import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { estimateStartMs } from './start-estimate.js';
import { enterLine, nextLine, noTurns, takeTurn, turnsBefore, type FairTurns } from './fair-turns.js';

const tookMs = [10_000, 20_000, 600_000];

test('a job with a free worker starts now, others when workers become free', () => {
  expect(estimateStartMs({ ahead: 0, workers: 2, busy: 1, tookMs })).toBe(0);
  expect(estimateStartMs({ ahead: 0, workers: 2, busy: 2, tookMs })).toBe(10_000);
  expect(estimateStartMs({ ahead: 9, workers: 2, busy: 2, tookMs })).toBe(100_000);
});

test('nothing is said where too little is known', () => {
  expect(estimateStartMs({ ahead: 0, workers: 2, busy: 1, tookMs: [1, 2] })).toBeUndefined();
  expect(estimateStartMs({ ahead: 0, workers: 0, busy: 0, tookMs })).toBeUndefined();
});

test('the turns before a job are those that are then taken', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('1', '2', '3'), { maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom(1, 2, 5),
      (earlier, place, weight) => {
        let turns: FairTurns = ['1', '2', '3'].reduce((all, line) => enterLine(all, line, 1), noTurns);
        for (let i = 0; i < earlier.length; i++) turns = takeTurn(turns, nextLine(turns)!);
        turns = enterLine(turns, '9', weight);
        const expected = turnsBefore(turns, '9', place);
        let others = 0;
        for (let own = 0; own < place;) {
          const line = nextLine(turns)!;
          turns = takeTurn(turns, line);
          if (line === '9') own++;
          else others++;
        }
        expect(expected).toBe(others);
      },
    ),
  );
});
