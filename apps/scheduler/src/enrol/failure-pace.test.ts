import { expect, test } from 'vitest';
import { FailurePace } from './failure-pace.js';

const limits = { burst: 3, everyMs: 1_000, addresses: 2 };

/** One that has failed so often at a moment. */
function failed(times: number, now: number, address = 'a', pace = new FailurePace(limits)): FailurePace {
  for (let i = 0; i < times; i++) pace.noteFailure(address, now);
  return pace;
}

test('an address may fail so often, and is then held up until one of its failures is forgotten', () => {
  expect(failed(2, 0).heldMs('a', 0)).toBe(0);
  const pace = failed(3, 0);
  expect(pace.heldMs('a', 0)).toBe(1_000);
  expect(pace.heldMs('a', 999)).toBe(1);
  expect(pace.heldMs('a', 1_000)).toBe(0);
});

test('an address that goes on failing is heard once in a while, however long it does', () => {
  const pace = failed(3, 0);
  for (let now = 1_000; now < 100_000; now += 1_000) {
    expect(pace.heldMs('a', now)).toBe(0);
    pace.noteFailure('a', now);
    expect(pace.heldMs('a', now)).toBe(1_000);
  }
});

test('an address is not held up for what others did', () => {
  expect(failed(10, 0).heldMs('b', 0)).toBe(0);
});

test('no more addresses are kept in mind than that', () => {
  const pace = failed(3, 0);
  failed(3, 0, 'b', pace);
  failed(3, 0, 'c', pace);
  expect(['a', 'b', 'c'].map((address) => pace.heldMs(address, 0))).toEqual([0, 1_000, 1_000]);
});
