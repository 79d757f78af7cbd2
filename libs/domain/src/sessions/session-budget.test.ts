import { expect, test } from 'vitest';
import { leftOf, microUsd, turnBudget } from './session-budget.js';

test('a turn gets its own budget or what the session has left, whichever is less, and nothing once that is spent', () => {
  const left = leftOf({ budgetMicroUsd: microUsd(0.3), spentMicroUsd: microUsd(0.1) });
  expect(left).toBe(200_000);
  expect([turnBudget(undefined, left), turnBudget(0.1, left), turnBudget(1, left)]).toEqual([0.2, 0.1, 0.2]);
  expect(turnBudget(1, leftOf({ budgetMicroUsd: 5, spentMicroUsd: 6 }))).toBe(0);
});

test('without a budget of the session a turn has its own, or none', () => {
  const left = leftOf({ spentMicroUsd: 5 });
  expect([left, turnBudget(1, left), turnBudget(undefined, left)]).toEqual([undefined, 1, undefined]);
});
