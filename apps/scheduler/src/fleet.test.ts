import { expect, test } from 'vitest';
import { Fleet, silenceMs, type OwnWorker } from './fleet.js';

const worker = (): OwnWorker => ({ id: 'w', profile: 'p', phase: 'idle', startedAt: 0, readyAt: 0, heardAt: 0 });

function fleetOf(one: OwnWorker): Fleet {
  const fleet = new Fleet();
  fleet.add(one);
  fleet.awake(0);
  return fleet;
}

test('a worker that is silent while we listen is lost', () => {
  const one = worker();
  const fleet = fleetOf(one);
  for (let now = 1_000; now <= silenceMs; now += 1_000) fleet.awake(now);
  expect(fleet.lost(one, silenceMs)).toBeUndefined();
  expect(fleet.lost(one, silenceMs + 1)).toBe('no heartbeat for 6 s');
});

test('a worker is not lost because we were frozen, or Redis was away', () => {
  const one = worker();
  const fleet = fleetOf(one);
  fleet.awake(30_000);
  expect(fleet.lost(one, 30_000)).toBeUndefined();
  for (let now = 31_000; now <= 37_000; now += 1_000) fleet.awake(now);
  expect(fleet.lost(one, 37_000)).toBe('no heartbeat for 7 s');
});
