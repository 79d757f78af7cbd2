import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';

const rule = { calmPerSecond: 200, busyPerSecond: 500, maxMs: 100 };

/** The pause after three seconds in which each of some workers says so many batches a second, evenly or in one read each 100 ms. */
function pauseWith(workers: number, batchesPerSecond: number, readEachMs: number): number {
  const pace = new Pace(rule);
  for (let now = 0; now <= 3_000; now += readEachMs) pace.count((workers * batchesPerSecond * readEachMs) / 1_000, now);
  return pace.ms(3_000);
}

describe('the pace of whoever follows streams', () => {
  it('makes no pause before anything came', () => {
    expect(new Pace(rule).ms(5)).toBe(0);
  });

  it('makes none for twenty workers that say a lot, nor for a hundred that say little', () => {
    expect(pauseWith(20, 5, 2)).toBe(0);
    expect(pauseWith(100, 1, 2)).toBe(0);
  });

  it('makes the longest for a hundred that say a lot, and keeps to it whether it read each entry or many at a time', () => {
    expect(pauseWith(100, 6, 2)).toBe(100);
    expect(pauseWith(100, 6, 100)).toBe(100);
  });

  it('makes longer ones the more comes', () => {
    const pauses = [40, 50, 60, 70, 80].map((workers) => pauseWith(workers, 6, 5));
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(new Set(pauses).size).toBe(pauses.length);
  });

  it('makes none any more two seconds after the last entry', () => {
    const pace = new Pace(rule);
    pace.count(1_000, 0);
    expect(pace.ms(0)).toBe(100);
    expect(pace.ms(2_000)).toBe(0);
  });
});
