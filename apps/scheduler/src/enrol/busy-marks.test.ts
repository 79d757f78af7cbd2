import { createLogger } from '@remuda/runtime';
import { expect, test } from 'vitest';
import type { OwnWorker } from '../workers/fleet.js';
import { BusyMarks } from './busy-marks.js';

/** Marks that are noted; `workers` is what there is. */
function marks(workers: () => readonly Pick<OwnWorker, 'id' | 'profile' | 'phase'>[]) {
  const told: string[] = [];
  const state = { away: false };
  const made = new BusyMarks({
    newcomers: {
      mark: async (worker, busy) => {
        if (state.away) throw new Error('away');
        told.push(`${worker} ${String(busy)}`);
      },
    },
    fleet: { all: () => workers() as readonly OwnWorker[] },
    isEnrolled: (profile) => profile === 'p',
    log: createLogger({ name: 'test', level: 'silent' }),
  });
  return { made, told, state };
}

test('what has changed is told, once', async () => {
  let phase: OwnWorker['phase'] = 'idle';
  const { made, told } = marks(() => [
    { id: 'e-1', profile: 'p', phase },
    { id: 'w-2', profile: 'other', phase: 'busy' },
  ]);
  await made.keep();
  expect(told).toEqual([]);
  phase = 'busy';
  await made.keep();
  await made.keep();
  expect(told).toEqual(['e-1 true']);
  phase = 'idle';
  await made.keep();
  expect(told).toEqual(['e-1 true', 'e-1 false']);
});

test('what could not be told is told the next time', async () => {
  const { made, told, state } = marks(() => [{ id: 'e-1', profile: 'p', phase: 'busy' }]);
  state.away = true;
  await made.keep();
  state.away = false;
  await made.keep();
  expect(told).toEqual(['e-1 true']);
});
