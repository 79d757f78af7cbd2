import { expect, test } from 'vitest';
import { foreignMs, onEngine, ownableOf } from './ownable.js';

const here = { id: 'here', engine: 'a' };
const there = { id: 'there', engine: 'b' };
const old: { readonly id: string; readonly engine?: string } = { id: 'old' };
const none = new Map<string, number>();

test('workers on the own engine can be had at once, those on another one when nobody has taken them for a minute', () => {
  const first = ownableOf([here, there, old], { engine: 'a', left: none, now: 1_000 });
  expect([...first.ids]).toEqual(['here', 'old']);
  const before = ownableOf([here, there], { engine: 'a', left: first.left, now: 999 + foreignMs });
  expect([...before.ids]).toEqual(['here']);
  const after = ownableOf([there], { engine: 'a', left: before.left, now: 1_000 + foreignMs });
  expect([...after.ids]).toEqual(['there']);
});

test('one that was taken meanwhile has the whole minute again', () => {
  const first = ownableOf([there], { engine: 'a', left: none, now: 0 });
  const taken = ownableOf([], { engine: 'a', left: first.left, now: 30_000 });
  const again = ownableOf([there], { engine: 'a', left: taken.left, now: 30_001 });
  expect(ownableOf([there], { engine: 'a', left: again.left, now: 90_000 }).ids.size).toBe(0);
});

test('only of a worker that does not say where it is the absence of its container says something on any engine', () => {
  expect([here, there, old, undefined].map((worker) => onEngine(worker, 'a'))).toEqual([true, false, true, true]);
});
