import { expect, test } from 'vitest';
import { demandWindowMs } from '@remuda/domain';
import { Demand } from './demand.js';

test('arrivals are known by how long ago they came, and for as long as they say something', () => {
  const demand = new Demand(1_000);
  demand.noteArrivals(2, 1_000);
  demand.noteArrivals(1, 1_050);
  demand.noteArrivals(3, 61_000);
  expect(demand.seen(61_000)).toMatchObject({
    arrivals: [
      { agoMs: 60_000, jobs: 3 },
      { agoMs: 0, jobs: 3 },
    ],
    sinceArrivalMs: 0,
  });
  expect(demand.seen(1_000 + demandWindowMs).arrivals).toEqual([{ agoMs: demandWindowMs - 60_000, jobs: 3 }]);
  expect(demand.seen(1_000_000).arrivals).toEqual([]);
});

test('before any job the time since the last one is that since the beginning', () => {
  expect(new Demand(5_000).seen(6_500)).toEqual({ arrivals: [], startMs: 5_000, sinceArrivalMs: 1_500 });
});

test('a start takes what nine of ten of the last twenty took', () => {
  const demand = new Demand(0);
  demand.noteReady(90_000);
  for (let i = 1; i <= 20; i++) demand.noteReady(i * 100);
  expect(demand.seen(0).startMs).toBe(1_800);
  const one = new Demand(0);
  one.noteReady(700);
  expect(one.seen(0).startMs).toBe(700);
});

test('a steady stream of jobs takes no more than a window of memory', () => {
  const demand = new Demand(0);
  for (let now = 0; now < 3 * demandWindowMs; now += 100) demand.noteArrivals(1, now);
  expect(demand.seen(3 * demandWindowMs).arrivals.length).toBeLessThanOrEqual(6_000);
});
