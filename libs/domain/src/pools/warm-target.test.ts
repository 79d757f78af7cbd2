import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { demandWindowMs, usualDemand, warmTarget, type Arrivals, type SeenDemand } from './warm-target.js';

/** One job at a time, so many ms apart, the last one just now. */
const every = (gapMs: number, count: number): readonly Arrivals[] =>
  Array.from({ length: count }, (_, i) => ({ agoMs: (count - 1 - i) * gapMs, jobs: 1 }));

const seen = (own: Partial<SeenDemand>): SeenDemand => ({ arrivals: [], startMs: 2_000, sinceArrivalMs: 0, ...own });

describe('the warm target of a pool that follows its demand', () => {
  test.each([
    ['one worker where jobs come farther apart than a start takes', every(5_000, 60), 2_000, 1],
    ['as many as jobs come during a start', every(500, 600), 2_000, 4],
    ['more where starts take longer', every(500, 600), 10_000, 20],
    [
      'a whole burst where jobs come in bursts',
      [
        { agoMs: 120_000, jobs: 10 },
        { agoMs: 0, jobs: 10 },
      ],
      2_000,
      10,
    ],
    [
      'no more for a burst that is rarer than the wanted share allows',
      [{ agoMs: 500_000, jobs: 3 }, ...every(5_000, 97)],
      2_000,
      1,
    ],
  ])('is %s', (_, arrivals, startMs, warm) => {
    expect(warmTarget(seen({ arrivals, startMs }), usualDemand, 50)).toMatchObject({
      warm,
      reason: warm === 1 ? expect.anything() : 'demand',
    });
  });

  test('is at most the maximum, and says which share of jobs finds a worker then', () => {
    const arrivals = [{ agoMs: 0, jobs: 10 }];
    expect(warmTarget(seen({ arrivals }), usualDemand, 4)).toEqual({
      ...{ warm: 4, reason: 'max', arrivals: 10, hits: 0.4, startMs: 2_000 },
    });
  });

  test('is the minimum where demand asks for less', () => {
    const follow = { ...usualDemand, min: 3 };
    expect(warmTarget(seen({ arrivals: every(5_000, 10) }), follow, 10)).toMatchObject({
      warm: 3,
      reason: 'min',
      hits: 1,
    });
  });

  test('is one while jobs came lately, and none after a quiet time, where none is the minimum', () => {
    const follow = { ...usualDemand, min: 0 };
    const last = { sinceArrivalMs: follow.quietMs - 1 };
    expect(warmTarget(seen(last), follow, 10)).toMatchObject({ warm: 1, reason: 'min' });
    expect(warmTarget(seen({ sinceArrivalMs: follow.quietMs }), follow, 10)).toMatchObject({
      warm: 0,
      reason: 'quiet',
    });
    expect(warmTarget(seen({ arrivals: [{ agoMs: 0, jobs: 1 }] }), follow, 10)).toMatchObject({
      warm: 1,
      reason: 'demand',
    });
  });

  test('keeps the minimum in a quiet time', () => {
    expect(warmTarget(seen({ sinceArrivalMs: 86_400_000 }), usualDemand, 10)).toMatchObject({
      warm: 1,
      reason: 'quiet',
    });
  });

  const arrivals = fc
    .array(fc.record({ agoMs: fc.integer({ min: 0, max: demandWindowMs }), jobs: fc.integer({ min: 1, max: 30 }) }), {
      maxLength: 60,
    })
    .map((all) => all.toSorted((a, b) => b.agoMs - a.agoMs));
  const startMs = fc.integer({ min: 1, max: 60_000 });
  const hitRate = fc.double({ min: 0, max: 1, noNaN: true });
  const max = fc.integer({ min: 1, max: 100 });

  test('is the smallest number with which the wanted share of jobs finds a worker that was replaced in time', () => {
    fc.assert(
      fc.property(arrivals, startMs, hitRate, max, (came, ms, rate, most) => {
        const follow = { min: 0, hitRate: rate, quietMs: Infinity };
        const target = warmTarget(seen({ arrivals: came, startMs: ms }), follow, most);
        const share = (warm: number): number => replay(came, ms, warm);
        expect(target.hits).toBeCloseTo(share(target.warm), 9);
        if (target.reason === 'demand') expect(share(target.warm)).toBeGreaterThanOrEqual(rate - 1e-9);
        if (target.warm > 1) expect(share(target.warm - 1)).toBeLessThan(rate + 1e-9);
        expect(target.warm).toBeLessThanOrEqual(most);
      }),
    );
  });

  test('never falls when starts take longer or more jobs are to find a worker', () => {
    fc.assert(
      fc.property(arrivals, startMs, startMs, hitRate, hitRate, (came, ms, moreMs, rate, moreRate) => {
        const of = (start: number, share: number): number =>
          warmTarget(seen({ arrivals: came, startMs: start }), { ...usualDemand, hitRate: share }, 100).warm;
        expect(of(ms + moreMs, rate)).toBeGreaterThanOrEqual(of(ms, rate));
        expect(of(ms, Math.min(1, rate + moreRate))).toBeGreaterThanOrEqual(of(ms, rate));
      }),
    );
  });
});

describe('a pool that is kept at its target', () => {
  const steady = (random: () => number): readonly number[] =>
    arrivalsAt(
      () => -Math.log(1 - random()) * 4_000,
      () => 1,
    );
  const bursts = (random: () => number): readonly number[] =>
    arrivalsAt(
      () => -Math.log(1 - random()) * 40_000,
      () => 1 + Math.floor(random() * 8),
    );

  test.each([
    ['jobs that come at random', steady, 0.8],
    ['jobs that come at random', steady, 0.95],
    ['jobs that come in bursts', bursts, 0.8],
    ['jobs that come in bursts', bursts, 0.95],
  ])('has a warm worker for about the wanted share of %s (%#)', (_, came, hitRate) => {
    const hits = kept(came(seeded(7)), hitRate);
    expect(hits).toBeGreaterThan(hitRate - 0.06);
    // more than is wanted costs workers that nobody uses
    expect(hits).toBeLessThan(Math.min(1, hitRate + 0.3));
  });
});

const startMs = 8_000;
const lookMs = 1_000;
const hoursMs = 2 * 3_600_000;

/** When jobs come within some hours: so many at a time, and as far apart as is drawn. */
function arrivalsAt(gapMs: () => number, jobs: () => number): readonly number[] {
  const came: number[] = [];
  for (let at = gapMs(); at < hoursMs; at += gapMs()) for (let i = jobs(); i > 0; i--) came.push(at);
  return came;
}

/** The share of jobs that find an idle worker in a pool that is brought to its target now and then, after the first window. */
function kept(came: readonly number[], hitRate: number): number {
  const follow = { min: 0, hitRate, quietMs: Infinity };
  let [idle, next, hits, jobs] = [0, 0, 0, 0];
  let starting: number[] = [];
  const window: Arrivals[] = [];
  for (let now = 0; now < hoursMs; now += lookMs) {
    for (; (came[next] ?? Infinity) <= now; next++) {
      const at = came[next] ?? 0;
      idle += starting.filter((ready) => ready <= at).length;
      starting = starting.filter((ready) => ready > at);
      if (at > demandWindowMs) jobs++;
      if (idle > 0 && at > demandWindowMs) hits++;
      idle = Math.max(0, idle - 1);
      window.push({ agoMs: at, jobs: 1 });
    }
    idle += starting.filter((ready) => ready <= now).length;
    starting = starting.filter((ready) => ready > now);
    while ((window[0]?.agoMs ?? now) < now - demandWindowMs) window.shift();
    const arrivals = window.map(({ agoMs: at }) => ({ agoMs: now - at, jobs: 1 }));
    const { warm } = warmTarget({ arrivals, startMs, sinceArrivalMs: 0 }, follow, 50);
    for (let missing = warm - idle - starting.length; missing > 0; missing--) starting.push(now + startMs);
    idle = Math.min(idle, warm);
  }
  return hits / jobs;
}

/** Numbers from 0 up to 1 that are the same for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The share of jobs that find a worker, each of which is away for `startMs` after it was taken; one job after the other. */
function replay(came: readonly Arrivals[], startMs: number, warm: number): number {
  const taken: number[] = [];
  let [hits, jobs] = [0, 0];
  for (const arrival of came)
    for (let i = 0; i < arrival.jobs; i++) {
      const away = taken.filter((agoMs) => agoMs - arrival.agoMs < startMs).length;
      if (away < warm) hits++;
      taken.push(arrival.agoMs);
      jobs++;
    }
  return jobs === 0 ? 1 : hits / jobs;
}
