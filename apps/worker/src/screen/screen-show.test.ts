import type { WorkerScreen } from '@remuda/domain';
import { ManualClock } from '@remuda/testing';
import { expect, test } from 'vitest';
import { lookEveryMs, ScreenShow } from './screen-show.js';

function showing(screens: string[]) {
  const clock = new ManualClock();
  const shown: WorkerScreen[] = [];
  let looks = 0;
  const look = () => {
    looks++;
    return Promise.resolve({ text: (screens.length > 1 ? screens.shift() : screens[0]) ?? '' });
  };
  const show = (screen: WorkerScreen) => Promise.resolve(void shown.push(screen));
  return { clock, shown, looks: () => looks, screen: new ScreenShow({ look, show, clock }) };
}

test('a terminal that nobody asks for is not looked at', async () => {
  const { clock, looks } = showing(['a']);
  await clock.advance(60_000);
  expect(looks()).toBe(0);
});

test('it is shown at once, then when it has changed or was asked for anew, and no longer than asked for', async () => {
  const { clock, shown, looks, screen } = showing(['a', 'a', 'b']);
  screen.ask(1, 4 * lookEveryMs);
  await clock.advance(0);
  expect(shown).toMatchObject([{ text: 'a', asked: 1 }]);
  await clock.advance(3 * lookEveryMs);
  expect(shown.map(({ text }) => text)).toEqual(['a', 'b']);
  screen.ask(2, 2 * lookEveryMs);
  await clock.advance(lookEveryMs);
  expect(shown.at(-1)).toMatchObject({ text: 'b', asked: 2 });
  await clock.advance(60_000);
  const before = looks();
  await clock.advance(60_000);
  expect(looks()).toBe(before);
  expect(before).toBeLessThanOrEqual(7);
});

test('of a terminal that is not there nothing is shown, until it is', async () => {
  const clock = new ManualClock();
  const shown: string[] = [];
  let there = false;
  const look = () => (there ? Promise.resolve({ text: 'x' }) : Promise.reject(new Error('none')));
  const screen = new ScreenShow({ look, show: ({ text }) => Promise.resolve(void shown.push(text)), clock });
  screen.ask(1, 10_000);
  await clock.advance(2 * lookEveryMs);
  expect(shown).toEqual([]);
  there = true;
  await clock.advance(lookEveryMs);
  expect(shown).toEqual(['x']);
});
