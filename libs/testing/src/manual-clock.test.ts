import { describe, expect, it } from 'vitest';
import { ManualClock } from './manual-clock.js';

describe('ManualClock', () => {
  it('wakes sleepers in the order of their times, each at its own time', async () => {
    const clock = new ManualClock(0);
    const woken: [string, number][] = [];
    const sleep = async (name: string, ms: number): Promise<void> => {
      await clock.sleep(ms);
      woken.push([name, clock.now()]);
    };
    void sleep('late', 20);
    void sleep('early', 10).then(() => sleep('again', 5));
    await clock.advance(15);
    expect(woken).toEqual([
      ['early', 10],
      ['again', 15],
    ]);
    await clock.advance(5);
    expect(woken.at(-1)).toEqual(['late', 20]);
    expect(clock.sleeping).toBe(0);
  });

  it('rejects a sleep whose signal aborts, and forgets it', async () => {
    const clock = new ManualClock();
    const abort = new AbortController();
    const slept = clock.sleep(10, abort.signal);
    abort.abort(new Error('enough'));
    await expect(slept).rejects.toThrow('enough');
    await expect(clock.sleep(10, abort.signal)).rejects.toThrow('enough');
    expect(clock.sleeping).toBe(0);
  });
});
