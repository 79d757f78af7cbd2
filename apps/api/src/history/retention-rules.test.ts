import { expect, test } from 'vitest';
import { daysByKind, daysByState } from './retention-rules.js';

const day = 86_400_000;

test('a number is for all states that are over', () => {
  expect(daysByState('30')).toEqual({ succeeded: 30 * day, failed: 30 * day, cancelled: 30 * day });
});

test('a list is for the states that it names', () => {
  expect(daysByState('failed=365, cancelled=0.5')).toEqual({ failed: 365 * day, cancelled: day / 2 });
});

test('days of the audit log are by kind', () => {
  expect(daysByKind('refused=30')).toEqual({ refused: 30 * day });
  expect(daysByKind('1')).toEqual({ refused: day, steered: day });
  expect(() => daysByKind('failed=1')).toThrow(/refused, steered/);
});

test.each(['', '-1', 'x', 'failed=', 'failed=x', 'running=3', '36501', 'failed=1,succeeded'])(
  '%j is refused',
  (text) => {
    expect(() => daysByState(text)).toThrow(/expected/);
  },
);
