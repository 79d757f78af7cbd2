import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '@remuda/domain';
import { createLogger } from '@remuda/runtime';
import { expect, test } from 'vitest';
import type { Budgets } from '../../budgets.port.js';
import { BudgetReservations, type Admission } from './budget-reservations.js';

/** Budgets of 100 in one process; the rule itself is Redis's, and tried there. */
class HeldBudgets implements Budgets {
  readonly held = new Map<string, number>();
  readonly renewed: string[] = [];
  spent = 0;
  fault: Error | undefined;

  async reserve({ job, mostMicroUsd: most }: { readonly job: string; readonly mostMicroUsd: number }, id: string) {
    if (this.fault) throw this.fault;
    const left = 100 - this.spent - [...this.held.values()].reduce((sum, each) => sum + each, 0);
    if (this.spent >= 100) return 'spent' as const;
    if (most > left && this.held.size > 0) return 'full' as const;
    this.held.set(id, Math.min(most, left));
    return { job, id, microUsd: Math.min(most, left) };
  }
  async renew({ id }: { readonly id: string }) {
    this.renewed.push(id);
  }
  async release({ id }: { readonly id: string }) {
    this.held.delete(id);
  }
}

const never = { now: () => 0, monotonic: () => 0, sleep: () => new Promise<void>(() => undefined) };
const log = createLogger({ name: 'test', level: 'fatal' });

function reservationsOf(clock: Clock = never) {
  const budgets = new HeldBudgets();
  const reservations = new BudgetReservations(budgets, clock, log);
  const admit = (most: number) =>
    reservations.admit({ job: 'j', budgetMicroUsd: 100, mostMicroUsd: most, leastMicroUsd: 1 });
  return { budgets, reservations, admit };
}

const end = async (admission: Admission): Promise<void> => {
  if (admission !== 'spent') await admission.end();
};

test('what fits beside each other runs at the same time', async () => {
  const { admit } = reservationsOf();
  const both = await Promise.all([admit(40), admit(60)]);
  expect(both).toMatchObject([
    { waited: false, microUsd: 40 },
    { waited: false, microUsd: 60 },
  ]);
});

test('what does not fit waits until one has ended, in order, and is refused when that one has spent all', async () => {
  const { budgets, admit } = reservationsOf();
  const order: string[] = [];
  const first = await admit(1_000);
  const rest = ['a', 'b'].map(async (name) => {
    const admission = await admit(1_000);
    order.push(name);
    return admission;
  });
  await turn();
  expect(order).toEqual([]);
  budgets.spent = 50;
  await end(first);
  const second = await rest[0]!;
  await turn();
  expect(second).toMatchObject({ waited: true, microUsd: 50 });
  expect(order).toEqual(['a']);
  budgets.spent = 100;
  await end(second);
  expect(await rest[1]!).toBe('spent');
});

test('room that another bridge made is found by asking again', async () => {
  let wake: (() => void) | undefined;
  const { budgets, admit } = reservationsOf({
    now: () => 0,
    monotonic: () => 0,
    sleep: () => new Promise((resolve) => (wake = resolve)),
  });
  budgets.held.set('of another bridge', 100);
  const waiting = admit(10);
  await turn();
  budgets.held.clear();
  wake?.();
  expect(await waiting).toMatchObject({ waited: true, microUsd: 10 });
});

test('one that could not be asked for refuses itself alone, and holds nothing', async () => {
  const { budgets, admit } = reservationsOf();
  budgets.fault = new Error('away');
  await expect(admit(1)).rejects.toThrow('away');
  budgets.fault = undefined;
  expect(await admit(100)).toMatchObject({ microUsd: 100 });
  expect(budgets.held.size).toBe(1);
});

test('what is held is renewed for as long as it is held', async () => {
  const ticks: (() => void)[] = [];
  const stop = new AbortController();
  const clock = { now: () => 0, monotonic: () => 0, sleep: () => new Promise<void>((resolve) => ticks.push(resolve)) };
  const { budgets, reservations, admit } = reservationsOf(clock);
  const admission = await admit(1);
  const kept = reservations.keepRenewed(stop.signal);
  ticks[0]?.();
  await turn();
  expect(budgets.renewed).toHaveLength(1);
  await end(admission);
  stop.abort();
  ticks[1]?.();
  await kept;
  expect(budgets.renewed).toHaveLength(1);
});
