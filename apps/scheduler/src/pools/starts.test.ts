import { expect, test } from 'vitest';
import { firstPace } from '@remuda/domain';
import { Starts } from './starts.js';

test('starts that were decided on take their room until they are under way, also where they fail', async () => {
  const starts = new Starts();
  const all = firstPace().atOnce;
  expect(starts.startable(1)).toBe(all - 1);
  await starts.reserved(3, async () => {
    expect(starts.startable(0)).toBe(all - 3);
    expect(starts.startable(all)).toBe(0);
    await Promise.resolve();
  });
  await expect(starts.reserved(2, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(starts.startable(0)).toBe(all);
});

test('a start that takes long lets none begin beside it, and quick ones let more', () => {
  const starts = new Starts();
  starts.look([1_000, firstPace().limitMs + 1]);
  expect(starts.startable(1)).toBe(0);
  expect(starts.startable(0)).toBe(1);
  starts.noteReady('p', 1_000);
  starts.noteReady('p', 1_000);
  expect(starts.startable(1)).toBe(2);
});

test('on a machine with two cores, three start at once from the beginning, and never more', () => {
  const starts = new Starts();
  starts.onMachine(2);
  expect(starts.startable(0)).toBe(3);
  for (let i = 0; i < 10; i++) starts.noteReady('p', 1_000);
  expect(starts.startable(0)).toBe(3);
});

test('failures in a row are of one profile, and end with its next ready worker', () => {
  const starts = new Starts();
  starts.noteFailed('p', 5, 'no image');
  starts.noteFailed('p', 9, 'no image');
  starts.noteReady('q', 1_000);
  expect(starts.failedOf('p')).toEqual({ count: 2, at: 9, reason: 'no image' });
  expect(starts.failedOf('q')).toBeUndefined();
  starts.noteReady('p', 1_000);
  expect(starts.failedOf('p')).toBeUndefined();
});
