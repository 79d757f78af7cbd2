import type { Halt, PoolControls } from '@remuda/domain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** Two pools, `default` with the worker `w-default-1` and `other`, and a view of what was ordered. The time is 1,700,000,000,000. */
export interface PoolsHarness {
  readonly controls: PoolControls;
  haltsOf(profile: string): Promise<readonly Halt[]>;
  worker(): Promise<{ readonly cordoned?: boolean; readonly drainBy?: number }>;
  close(): Promise<void>;
}

const now = 1_700_000_000_000;

/** What every keeper of the PoolControls port promises. */
export function poolControlsContract(name: string, make: () => Promise<PoolsHarness>): void {
  describe(`${name}, as controls of pools`, () => {
    let harness: PoolsHarness;
    let controls: PoolControls;
    beforeEach(async () => {
      harness = await make();
      ({ controls } = harness);
    });
    afterEach(() => harness.close());

    test('a pause is of one profile, stands as it was said first, and is lifted', async () => {
      expect(await controls.pause('default', 'why')).toBe(true);
      expect(await controls.pause('default', 'again')).toBe(true);
      expect(await harness.haltsOf('default')).toEqual([{ kind: 'paused', since: now, reason: 'why' }]);
      expect(await harness.haltsOf('other')).toEqual([]);
      expect(await controls.resume('default')).toBe(true);
      expect(await controls.resume('default')).toBe(true);
      expect(await harness.haltsOf('default')).toEqual([]);
    });

    test('one of all profiles is lifted for all of them only', async () => {
      expect(await controls.pause(undefined, 'why')).toBe(true);
      const halt = { kind: 'paused', since: now, reason: 'why', everywhere: true };
      expect(await harness.haltsOf('other')).toEqual([halt]);
      await controls.resume('other');
      expect(await harness.haltsOf('other')).toEqual([halt]);
      expect(await controls.resume(undefined)).toBe(true);
      expect(await harness.haltsOf('other')).toEqual([]);
    });

    test('of two drains of a pool the earlier limit holds', async () => {
      expect(await controls.drainPool('default', 5_000, 'why')).toBe(true);
      await controls.drainPool('default', 9_000, 'later');
      expect(await harness.haltsOf('default')).toMatchObject([{ kind: 'drained', reason: 'why', by: now + 5_000 }]);
      await controls.drainPool('default', 1_000, 'sooner');
      expect(await harness.haltsOf('default')).toMatchObject([{ kind: 'drained', reason: 'why', by: now + 1_000 }]);
    });

    test('a worker is cordoned until that is taken back', async () => {
      expect((await harness.worker()).cordoned ?? false).toBe(false);
      expect(await controls.cordon('w-default-1')).toBe(true);
      expect(await controls.cordon('w-default-1')).toBe(true);
      expect((await harness.worker()).cordoned).toBe(true);
      expect(await controls.uncordon('w-default-1')).toBe(true);
      expect((await harness.worker()).cordoned ?? false).toBe(false);
    });

    test('of two drains of a worker the earlier limit holds', async () => {
      expect(await controls.drainWorker('w-default-1', 5_000)).toBe(true);
      await controls.drainWorker('w-default-1', 9_000);
      expect((await harness.worker()).drainBy).toBe(now + 5_000);
      await controls.drainWorker('w-default-1', 1_000);
      expect((await harness.worker()).drainBy).toBe(now + 1_000);
    });

    test('what there is not can be ordered nothing', async () => {
      const answers = await Promise.all([
        ...[controls.pause('none', 'why'), controls.resume('none'), controls.drainPool('none', 1, 'why')],
        ...[controls.cordon('w-none'), controls.uncordon('w-none'), controls.drainWorker('w-none', 1)],
      ]);
      expect(answers).toEqual([false, false, false, false, false, false]);
    });
  });
}
