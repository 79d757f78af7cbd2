import { describe, expect, test } from 'vitest';
import { failureOfExit } from './lost.js';

describe('a container that ended by itself', () => {
  test('has lost its worker, without counting an attempt', () => {
    expect(failureOfExit({ reason: 'killed by SIGKILL', outOfMemory: false, lastLines: ['bye'] })).toEqual({
      code: 'worker.lost',
      message: 'The worker was lost: killed by SIGKILL.',
      lastLines: ['bye'],
    });
  });

  test('was out of memory where the engine says so', () => {
    const reason = 'killed by SIGKILL after it ran out of memory';
    expect(failureOfExit({ reason, outOfMemory: true, lastLines: [] })).toMatchObject({ code: 'engine.out_of_memory' });
  });
});
