import { expect, test } from 'vitest';
import { daysByState } from './retention-rules.js';

const day = 86_400_000;

test('a number is for all states that are over', () => {
  expect(daysByState('30')).toEqual({ succeeded: 30 * day, failed: 30 * day, cancelled: 30 * day });
});

test('a list is for the states that it names', () => {
  expect(daysByState('failed=365, cancelled=0.5')).toEqual({ failed: 365 * day, cancelled: day / 2 });
});

test.each(['', '-1', 'x', 'failed=', 'failed=x', 'running=3', '36501', 'failed=1,succeeded'])(
  '%j is refused',
  (text) => {
    expect(() => daysByState(text)).toThrow(/expected/);
  },
);
