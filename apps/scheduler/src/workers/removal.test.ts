import { describe, expect, test } from 'vitest';
import { FakeContainerRuntime, ManualClock, containerSpec } from '@remuda/testing';
import { removalLimitMs, removeContainer } from './removal.js';

/** A runtime with one container, `w-1`. */
async function runtimeWithOne(): Promise<FakeContainerRuntime> {
  const runtime = new FakeContainerRuntime();
  await runtime.start(containerSpec({ worker: 'w-1' }));
  return runtime;
}

describe("removing a lost worker's container", () => {
  test('proves that it is gone, and says how long that took', async () => {
    const clock = new ManualClock(5_000);
    const runtime = await runtimeWithOne();
    expect(await removeContainer({ worker: 'w-1', isHere: true }, 4_000, { runtime, clock })).toEqual({
      ended: { by: 'container', processesLeft: 0, ms: 1_000 },
    });
    expect(await runtime.list()).toEqual([]);
  });

  test('does not believe an engine whose list still has it', async () => {
    const clock = new ManualClock(0);
    const runtime = await runtimeWithOne();
    runtime.stop = () => Promise.resolve();
    await expect(removeContainer({ worker: 'w-1', isHere: true }, 0, { runtime, clock })).rejects.toThrow(
      'it still runs',
    );
  });

  test('is to be tried again when the engine does not answer', async () => {
    const clock = new ManualClock(0);
    const runtime = await runtimeWithOne();
    runtime.stop = () => new Promise(() => undefined);
    const removal = removeContainer({ worker: 'w-1', isHere: true }, 0, { runtime, clock });
    const rejected = expect(removal).rejects.toThrow('no answer within 5000 ms');
    await clock.advance(5_000);
    await rejected;
  });

  test('is given up after a while, so that the job does not wait for ever', async () => {
    const clock = new ManualClock(removalLimitMs);
    const runtime = await runtimeWithOne();
    runtime.stop = () => Promise.reject(new Error('connect ENOENT'));
    expect(await removeContainer({ worker: 'w-1', isHere: true }, 0, { runtime, clock })).toEqual({
      givenUp: 'connect ENOENT',
    });
  });

  test('takes no absence on this engine for the end of what is on another one', async () => {
    const clock = new ManualClock(0);
    const parts = { runtime: new FakeContainerRuntime(), clock };
    const elsewhere = { worker: 'w-1', isHere: false };
    await expect(removeContainer(elsewhere, 0, parts)).rejects.toThrow('it is on another engine');
    clock.jump(3_600_000);
    await expect(removeContainer(elsewhere, 0, parts)).rejects.toThrow('it is on another engine');
    await clock.advance(removalLimitMs);
    expect(await removeContainer(elsewhere, 0, parts)).toEqual({ givenUp: 'it is on another engine' });
  });
});
