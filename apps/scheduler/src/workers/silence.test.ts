import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Hearing, holdMs, isLively, silenceMs, type Silence, type Speaker } from './silence.js';

type Worker = { -readonly [K in keyof Speaker]: Speaker[K] };
const worker = (id: string, bridge?: string): Worker => ({ id, bridge, heardAt: 0 });

/** What is heard: each worker speaks every 2 s, at the moments at which `speaks` lets it. Gives the silences of each second. */
function listen(
  workers: readonly Worker[],
  seconds: number,
  speaks: (worker: Worker, second: number) => boolean,
): readonly (readonly Silence[])[] {
  const hearing = new Hearing();
  hearing.excuse(0);
  return Array.from({ length: seconds }, (_, second) => {
    const now = second * 1_000;
    for (const [i, one] of workers.entries())
      if ((second + i) % 2 === 0 && speaks(one, second)) {
        hearing.onWord(one, now);
        one.heardAt = now;
      }
    return workers.map((one) => hearing.of(one, now));
  });
}

const firstSilent = (heard: readonly (readonly Silence[])[], i: number): number =>
  heard.findIndex((silences) => silences[i] === 'silent');

describe('a worker that says nothing', () => {
  test('is silent after three heartbeats where it reaches Redis by itself', () => {
    const heard = listen([worker('a')], 20, (_, second) => second < 3);
    expect(firstSilent(heard, 0)).toBe(9);
  });

  test('is silent as soon as another one of its bridge was heard for so long', () => {
    const heard = listen([worker('a', 'b'), worker('other', 'b')], 30, ({ id }, second) => id !== 'a' || second < 3);
    expect(firstSilent(heard, 0)).toBeGreaterThan(8);
    expect(firstSilent(heard, 0)).toBeLessThan(12);
    expect(firstSilent(heard, 1)).toBe(-1);
  });

  test('is held while nobody of its bridge is heard, whoever is heard of another one, and for a minute at most', () => {
    const heard = listen([worker('a', 'b'), worker('c', 'd')], 80, ({ id }, second) => id !== 'a' || second < 1);
    expect(heard[50]).toEqual(['held', 'none']);
    expect(firstSilent(heard, 0)).toBe(holdMs / 1_000 + 1);
  });

  test('has as long as from its last word when the bridge is back', () => {
    const away = (second: number): boolean => second > 5 && second < 25;
    const workers = [worker('a', 'b'), worker('slow', 'b')];
    const heard = listen(workers, 60, ({ id }, second) => !away(second) && (id === 'a' || second < 5 || second > 29));
    expect(heard.flat()).not.toContain('silent');
    const never = listen([worker('a', 'b'), worker('gone', 'b')], 60, ({ id }, s) => !away(s) && (id === 'a' || s < 5));
    expect(firstSilent(never, 1)).toBeGreaterThan(30);
    expect(firstSilent(never, 1)).toBeLessThan(36);
  });

  test('has done so while we were frozen, or Redis was away', () => {
    const hearing = new Hearing();
    const one = worker('a');
    hearing.excuse(30_000);
    expect(hearing.of(one, 30_000 + silenceMs)).toBe('none');
    expect(hearing.of(one, 30_001 + silenceMs)).toBe('silent');
  });

  test('is given no job until it says something', () => {
    expect(isLively({ ...worker('a'), heardAt: -Infinity }, 0)).toBe(false);
    expect(isLively({ ...worker('a'), heardAt: 10_000 }, 15_000)).toBe(true);
    expect(isLively({ ...worker('a'), heardAt: 10_000 }, 15_001)).toBe(false);
  });
});

describe('whatever the outages of a bridge', () => {
  const outages = fc.array(fc.record({ from: fc.nat(200), seconds: fc.integer({ min: 1, max: 55 }) }), {
    maxLength: 4,
  });
  const isAway = (all: readonly { from: number; seconds: number }[], second: number): boolean =>
    all.some(({ from, seconds }) => second >= from && second < from + seconds);
  /** Those that follow each other closely are one, which may be longer than what is held. */
  const apart = outages.filter((all) => {
    const sorted = [...all].sort((a, b) => a.from - b.from);
    return sorted.every((one, i) => i === 0 || one.from > sorted[i - 1]!.from + sorted[i - 1]!.seconds + 4);
  });

  test('of 55 s at most, no worker is lost that speaks whenever it can', () => {
    fc.assert(
      fc.property(apart, fc.integer({ min: 1, max: 5 }), (all, count) => {
        const workers = Array.from({ length: count }, (_, i) => worker(`w-${String(i)}`, 'b'));
        const heard = listen(workers, 280, (_, second) => !isAway(all, second));
        expect(heard.flat()).not.toContain('silent');
      }),
    );
  });

  test('a worker that speaks no more is lost within a minute of the last outage', () => {
    fc.assert(
      fc.property(apart, fc.nat(200), (all, death) => {
        const workers = [worker('dead', 'b'), worker('other', 'b')];
        const heard = listen(workers, 340, ({ id }, s) => !isAway(all, s) && (id === 'other' || s < death));
        const end = Math.max(death, ...all.map(({ from, seconds }) => from + seconds));
        expect(firstSilent(heard, 0)).toBeGreaterThan(death);
        expect(firstSilent(heard, 0)).toBeLessThan(end + holdMs / 1_000 + 10);
        expect(firstSilent(heard, 1)).toBe(-1);
      }),
    );
  });
});
