import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  afterReady,
  backOffMs,
  firstPace,
  mostAtOnce,
  startLimits,
  whileStarting,
  type StartPace,
} from './start-pace.js';

describe('how many start at once', () => {
  test('rises with each quick start, and falls by half with each slow one', () => {
    const quick = afterReady(firstPace(), 1_000);
    expect(quick.atOnce).toBe(firstPace().atOnce + 1);
    expect(afterReady(quick, 20_000).atOnce).toBe(quick.atOnce);
    expect(afterReady(quick, 31_000).atOnce).toBe(Math.floor(quick.atOnce / 2));
  });

  test('is one, and the limit is twice as long, when a start meets its limit: it is not given up', () => {
    const met = whileStarting(firstPace(), startLimits.least + 1);
    expect(met).toEqual({ atOnce: 1, limitMs: 2 * startLimits.least });
    expect(whileStarting(firstPace(), startLimits.least)).toEqual(firstPace());
    expect(whileStarting(met, startLimits.least + 500)).toEqual(met);
  });

  test('the limit follows what starts take, and comes down again when they are quick', () => {
    expect(afterReady(firstPace(), 40_000).limitMs).toBe(160_000);
    let pace: StartPace = { atOnce: 1, limitMs: startLimits.largest };
    for (let i = 0; i < 20; i++) pace = afterReady(pace, 1_000);
    expect(pace).toEqual({ atOnce: 21, limitMs: startLimits.least });
  });
});

/** When each of some starts is ready that compute `ms` each, `atOnce` of them at the same time on so many cores; sorted. */
function readyTimes(starts: number, atOnce: number, cores: number, ms: number): readonly number[] {
  const left: number[] = [];
  const ready: number[] = [];
  for (let now = 0, waiting = starts; waiting + left.length > 0;) {
    while (waiting > 0 && left.length < atOnce) {
      left.push(ms);
      waiting--;
    }
    const slowed = Math.max(1, left.length / cores);
    const step = Math.min(...left);
    now += step * slowed;
    for (const [i, each] of left.entries()) left[i] = each - step;
    while (left.length > 0 && Math.min(...left) < 1e-6) {
      left.splice(
        left.findIndex((each) => each < 1e-6),
        1,
      );
      ready.push(now);
    }
  }
  return ready;
}

describe('on a machine whose cores are known', () => {
  const cores = fc.integer({ min: 1, max: 64 });

  test('no more start at once than one for each core and one that waits, however quick they are', () => {
    fc.assert(
      fc.property(cores, fc.array(fc.nat(9_000)), (known, starts) => {
        const pace = starts.reduce((now, tookMs) => afterReady(now, tookMs, known), firstPace(known));
        expect(pace.atOnce).toBe(known + 1);
      }),
    );
  });

  test('all but the last few are ready no later than if all had started at once, and those at most one start later', () => {
    fc.assert(
      fc.property(
        cores,
        fc.integer({ min: 1, max: 100 }),
        fc.integer({ min: 100, max: 9_000 }),
        (known, starts, ms) => {
          const paced = readyTimes(starts, mostAtOnce(known), known, ms);
          const together = readyTimes(starts, starts, known, ms);
          // where the starts do not fill the cores to the last, a core waits for as long as a start computes
          expect(paced.at(-1)).toBeLessThanOrEqual((together.at(-1) ?? 0) + ms + 1);
          for (const [i, at] of paced.slice(0, -mostAtOnce(known)).entries())
            expect(at).toBeLessThanOrEqual((together[i] ?? 0) + 1);
        },
      ),
    );
  });
});

test('starts that fail are held back for longer each time', () => {
  expect([0, 1, 2, 3, 4, 5, 6, 60].map(backOffMs)).toEqual([0, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
});

const anyStep = fc.record({ ready: fc.boolean(), ms: fc.nat(1_000_000) });

test('whatever starts take, at least one may start, and the limit stays between its bounds and never grows by being read', () => {
  fc.assert(
    fc.property(fc.array(anyStep), (steps) => {
      let pace = firstPace();
      for (const { ready, ms } of steps) {
        pace = ready ? afterReady(pace, ms) : whileStarting(pace, ms);
        expect(pace.atOnce).toBeGreaterThanOrEqual(1);
        expect(pace.limitMs).toBeGreaterThanOrEqual(startLimits.least);
        expect(pace.limitMs).toBeLessThanOrEqual(startLimits.largest);
        expect(whileStarting(pace, 0)).toEqual(pace);
      }
    }),
  );
});

test('on a machine where each start takes as long as all that start beside it, starts settle instead of being given up', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 2_000, max: 55_000 }), (wanted, aloneMs) => {
      let pace = firstPace();
      let left = wanted;
      for (let rounds = 0; left > 0 && rounds < 200; rounds++) {
        const group = Math.min(pace.atOnce, left);
        const tookMs = group * aloneMs;
        // What is looked at every half second grows the limit when it is met, and is given up when it no longer grows.
        let givenUp = false;
        for (let at = 0; at < tookMs; at += 500) {
          pace = whileStarting(pace, at);
          givenUp ||= at > pace.limitMs;
        }
        if (givenUp) continue;
        left -= group;
        for (let i = 0; i < group; i++) pace = afterReady(pace, tookMs);
      }
      expect(left).toBe(0);
    }),
  );
});
