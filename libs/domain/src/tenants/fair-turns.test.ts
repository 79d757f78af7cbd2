import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  correctLine,
  enterLine,
  firstPrice,
  leaveLine,
  nextLine,
  noTurns,
  settleTurn,
  takeTurn,
  turnCost,
  type FairTurns,
} from './fair-turns.js';

/** A tenant of a test: how many jobs it has, what each costs, and its weight. */
interface Tenant {
  readonly jobs: number;
  readonly cost: number;
  readonly weight: number;
}

interface Taken {
  readonly line: string;
  readonly cost: number;
}

/** Lets workers carry out jobs one after the other, each job as long as it costs; gives who was taken, in order. */
function dispatch(tenants: Readonly<Record<string, Tenant>>, workers: number, most = Infinity): readonly Taken[] {
  let turns: FairTurns = noTurns;
  const left = new Map(Object.entries(tenants).map(([line, { jobs }]) => [line, jobs]));
  for (const [line, { weight, jobs }] of Object.entries(tenants)) if (jobs > 0) turns = enterLine(turns, line, weight);
  const running: { readonly line: string; readonly charged: number; readonly until: number }[] = [];
  const taken: Taken[] = [];
  let now = 0;
  for (;;) {
    while (running.length < workers && taken.length < most) {
      const line = nextLine(turns);
      if (line === undefined) break;
      const before = turns.waiting.get(line) ?? 0;
      turns = takeTurn(turns, line);
      const charged = (turns.waiting.get(line) ?? 0) - before;
      const { cost } = tenants[line]!;
      taken.push({ line, cost });
      running.push({ line, charged, until: now + cost });
      left.set(line, left.get(line)! - 1);
      if (left.get(line) === 0) turns = leaveLine(turns, line);
    }
    const [first] = running.toSorted((a, b) => a.until - b.until);
    if (!first) return taken;
    running.splice(running.indexOf(first), 1);
    now = first.until;
    const { cost, weight } = tenants[first.line]!;
    turns = settleTurn(turns, first.line, { cost, charged: first.charged, weight });
  }
}

const tenant = fc.record({
  jobs: fc.integer({ min: 1, max: 200 }),
  cost: fc.integer({ min: 1, max: 600 }),
  weight: fc.constantFrom(1, 2, 4),
});

/** Anything that can happen to lines. */
const step = fc.record({
  kind: fc.constantFrom('enter', 'take', 'leave', 'settle', 'correct'),
  line: fc.constantFrom('0', '1', '2', '10'),
  by: fc.integer({ min: -500, max: 500 }),
  weight: fc.constantFrom(1, 3),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function applied(turns: FairTurns, { kind, line, by, weight }: Step): FairTurns {
  const next = nextLine(turns);
  switch (kind) {
    case 'enter':
      return enterLine(turns, line, weight);
    case 'take':
      return next === undefined ? turns : takeTurn(turns, next);
    case 'leave':
      return leaveLine(turns, line);
    case 'settle':
      return settleTurn(turns, line, { cost: Math.abs(by), charged: firstPrice, weight });
    default:
      return correctLine(turns, line, by);
  }
}

test('no account is below the round, and the round never falls', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let turns = noTurns;
      for (const each of steps) {
        const before = turns.round;
        turns = applied(turns, each);
        expect(turns.round).toBeGreaterThanOrEqual(before);
        for (const account of [...turns.waiting.values()]) expect(account).toBeGreaterThanOrEqual(turns.round);
        for (const line of turns.waiting.keys()) expect(turns.left.has(line)).toBe(false);
      }
    }),
  );
});

test('whoever comes is next but for those who stand at the round as well: each of these takes one turn before', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let turns = leaveLine(steps.reduce(applied, noTurns), 'new');
      const atRound = [...turns.waiting].filter(([, at]) => at === turns.round).map(([line]) => line);
      turns = enterLine(turns, 'new', 1);
      const before: string[] = [];
      for (let line = nextLine(turns)!; line !== 'new'; line = nextLine(turns)!) {
        before.push(line);
        turns = takeTurn(turns, line);
        expect(before.length).toBeLessThanOrEqual(atRound.length);
      }
      expect(new Set(before).size).toBe(before.length);
      expect(before.filter((line) => !atRound.includes(line))).toEqual([]);
    }),
  );
});

test("a tenant's 10,000 jobs delay the first job of another by no more than one job of each worker", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 0, max: 400 }), tenant, (workers, after, late) => {
      let turns = enterLine(noTurns, 'a', 1);
      for (let i = 0; i < after; i++) turns = takeTurn(turns, 'a');
      turns = enterLine(turns, 'b', late.weight);
      // All workers are busy with jobs of `a`; each that becomes free asks who is next.
      const order: string[] = [];
      for (let i = 0; i < workers + 1; i++) {
        const line = nextLine(turns)!;
        order.push(line);
        turns = takeTurn(turns, line);
      }
      expect(order.slice(0, 2)).toContain('b');
    }),
  );
});

test('while all wait, what tenants get is as their weights, within what the workers have in hand', () => {
  fc.assert(
    fc.property(tenant, tenant, fc.integer({ min: 1, max: 8 }), (a, b, workers) => {
      const many = { a: { ...a, jobs: 100_000 }, b: { ...b, jobs: 100_000 } };
      const taken = dispatch(many, workers, 1_500);
      const got = (line: string): number =>
        taken.filter((job) => job.line === line).reduce((sum, { cost }) => sum + cost, 0);
      // Expected prices may be wrong until some jobs are over; each worker may have one job too many of either.
      const slack = (workers + 12) * Math.max(firstPrice, a.cost, b.cost) * 2;
      expect(Math.abs(got('a') / a.weight - got('b') / b.weight)).toBeLessThanOrEqual(slack);
    }),
    { numRuns: 40 },
  );
});

test('every job is taken once, and none is left while a worker is free', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tenant, { minKeys: 1 }),
      fc.integer({ min: 1, max: 5 }),
      (tenants, workers) => {
        const taken = dispatch(tenants, workers);
        for (const [line, { jobs }] of Object.entries(tenants))
          expect(taken.filter((job) => job.line === line).length).toBe(jobs);
      },
    ),
    { numRuns: 50 },
  );
});

test('whoever was away has saved nothing, and is not forgiven what it owes', () => {
  let turns = enterLine(enterLine(noTurns, 'a', 1), 'b', 1);
  for (let i = 0; i < 10; i++) turns = takeTurn(turns, 'a');
  turns = leaveLine(turns, 'a');
  expect(enterLine(turns, 'a', 1).waiting.get('a')).toBe(10 * firstPrice);
  for (let i = 0; i < 20; i++) turns = takeTurn(turns, 'b');
  expect(enterLine(turns, 'a', 1).waiting.get('a')).toBe(turns.round);
});

test('a dollar counts as five minutes of a worker', () => {
  expect(turnCost(30, 0.1)).toBe(60);
  expect(turnCost(-1, -1)).toBe(0);
});
