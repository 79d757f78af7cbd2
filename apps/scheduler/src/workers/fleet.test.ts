import { expect, test } from 'vitest';
import { Fleet, type OwnWorker } from './fleet.js';
import { silenceMs } from './silence.js';

const worker = (own: Partial<OwnWorker> = {}): OwnWorker => ({
  ...{ id: 'w', profile: 'p', phase: 'idle', startedAt: 0, readyAt: 0, heardAt: 0, engine: 'e', bridge: undefined },
  ...{ fingerprint: 'f', release: undefined },
  ...own,
});

function fleetOf(...workers: readonly OwnWorker[]): Fleet {
  const fleet = new Fleet();
  for (const one of workers) fleet.add(one);
  fleet.awake(0);
  return fleet;
}

test('a worker that is silent while we listen is silent', () => {
  const one = worker();
  const fleet = fleetOf(one);
  for (let now = 1_000; now <= silenceMs; now += 1_000) fleet.awake(now);
  expect(fleet.silence(one, silenceMs)).toBe('none');
  expect(fleet.silence(one, silenceMs + 1)).toBe('silent');
});

test('a worker is not silent because we were frozen, or Redis was away', () => {
  const one = worker();
  const fleet = fleetOf(one);
  fleet.awake(30_000);
  expect(fleet.silence(one, 30_000)).toBe('none');
  for (let now = 31_000; now <= 37_000; now += 1_000) fleet.awake(now);
  expect(fleet.silence(one, 37_000)).toBe('silent');
});

test('a job goes to a worker that was heard a short time ago, though another one was idle for less long', () => {
  const quiet = worker({ id: 'quiet', heardAt: 10_000 });
  const heard = worker({ id: 'heard', heardAt: 28_000 });
  const fleet = fleetOf(quiet, heard);
  fleet.list(heard);
  fleet.list(quiet);
  expect(fleet.free('p', 30_000)).toEqual([heard]);
  expect(fleet.countFree('p', 30_000, 5)).toBe(1);
  fleet.unlist('heard');
  expect(fleet.free('p', 30_000)).toEqual([]);
  expect(fleet.hear(quiet, 31_000)).toBe(true);
  expect(fleet.free('p', 31_000)).toEqual([quiet]);
  fleet.list(heard);
  expect(fleet.countFree('p', 31_000, 5)).toBe(2);
  expect(fleet.countFree('p', 31_000, 1)).toBe(1);
  expect(fleet.hear(quiet, 32_000)).toBe(false);
});

test('a worker that does not leave is late, and those that start are known by their age', () => {
  const slow = worker({ id: 'slow', phase: 'starting', startedAt: 10_000 });
  const staying = worker({ id: 'staying', phase: 'draining', drainingSince: 0, leaveBy: 50_000 });
  const fleet = fleetOf(slow, staying);
  expect([slow, staying].map((one) => fleet.late(one, 60_000))).toEqual([false, false]);
  expect([slow, staying].map((one) => fleet.late(one, 60_001))).toEqual([false, true]);
  expect(fleet.starting(60_000)).toEqual([50_000]);
});

test('a worker that waits for a session gets its next turn in time, unless it is cordoned, silent, or has another job', () => {
  const busy = worker({ phase: 'busy' });
  const fleet = fleetOf(busy, worker({ id: 'other', phase: 'busy' }));
  fleet.hold('w', { session: 's-1', since: 0, until: 100 }, 'grant');
  expect(fleet.heldFor('s-1', 99)).toBe(busy);
  expect(busy.grant).toBe('grant');
  expect(fleet.heldFor('s-2', 99)).toBeUndefined();
  expect(fleet.heldFor('s-1', 100)).toBeUndefined();
  busy.cordoned = true;
  expect(fleet.heldFor('s-1', 99)).toBeUndefined();
  busy.cordoned = false;
  fleet.engage('w', 'busy', 50);
  expect(fleet.heldFor('s-1', 99)).toBeUndefined();
  fleet.list(busy);
  fleet.hold('w', { session: 's-1', since: 0, until: 100 });
  expect(fleet.heldFor('s-1', 99)).toBeUndefined();
});

test('a session has its worker without a pause from the first turn that it was given, until it pauses or has another one', () => {
  const own = worker({ phase: 'busy' });
  const fleet = fleetOf(own);
  const turn = (from: number, to: number): void => {
    fleet.give(own, 's-1', from);
    fleet.engage('w', 'busy', from);
    fleet.hold('w', { session: 's-1', since: to, until: to + 60_000 });
  };
  turn(0, 10_000);
  expect(fleet.keptMs(own, 10_000)).toBe(10_000);
  turn(11_000, 30_000);
  expect(fleet.keptMs(own, 31_000)).toBe(31_000);
  expect(fleet.keptMs(own, 32_001)).toBe(0);
  turn(40_000, 41_000);
  expect(fleet.keptMs(own, 41_000)).toBe(1_000);
  fleet.list(own);
  turn(42_000, 43_000);
  expect(fleet.keptMs(own, 43_000)).toBe(1_000);
});

test('a worker of ours is taken from the moment at which a job is claimed for it', () => {
  const [idle, busy, starting] = [worker(), worker({ id: 'b', phase: 'busy' }), worker({ id: 's', phase: 'starting' })];
  const fleet = fleetOf(idle, busy, starting);
  fleet.list(idle);
  expect(['w', 'b', 's', 'of-others'].map((id) => fleet.isTaken(id))).toEqual([false, true, false, false]);
  fleet.unlist('w');
  expect(fleet.isTaken('w')).toBe(true);
});
