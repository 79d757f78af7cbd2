import { ManualClock } from '@remuda/testing';
import { expect, test } from 'vitest';
import { createLogger } from '@remuda/runtime';
import { pauseMs, Reviver } from './revive.js';

const log = createLogger({ name: 'test', level: 'silent' });

test('pauses grow from half a second to half a minute', () => {
  expect([0, 1, 2, 5, 6, 7, 50].map(pauseMs)).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
});

test('it is tried until it works, and those who wait meanwhile wait for the same', async () => {
  const clock = new ManualClock();
  let left = 2;
  const warm = () => (left-- > 0 ? Promise.reject(new Error('no')) : Promise.resolve());
  const reviver = new Reviver({ warm }, clock, log);
  const both = Promise.all([reviver.revive('killed'), reviver.revive('killed')]);
  await clock.advance(500 + 1_000 + 2_000);
  await both;
  expect(left).toBe(-1);
});

test('it is given up when the worker leaves, now and later', async () => {
  const clock = new ManualClock();
  const reviver = new Reviver({ warm: () => Promise.reject(new Error('no')) }, clock, log);
  const trying = reviver.revive('killed');
  await clock.advance(600);
  reviver.close();
  await expect(trying).rejects.toThrow('the worker leaves');
  await expect(reviver.revive('again')).rejects.toThrow('the worker leaves');
});
