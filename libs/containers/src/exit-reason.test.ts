import { describe, expect, it } from 'vitest';
import { diedOfMemory, exitReason } from './exit-reason.js';

describe('exitReason', () => {
  it.each([
    [{ exitCode: 7 }, 'ended with exit code 7'],
    [{ exitCode: 0 }, 'ended with exit code 0'],
    [{ exitCode: 137 }, 'killed by SIGKILL'],
    [{ exitCode: 137, outOfMemory: true }, 'killed by SIGKILL after it ran out of memory'],
    [{ signal: 'SIGTERM' }, 'killed by SIGTERM'],
    [{ exitCode: 255 }, 'ended with exit code 255'],
    [{}, 'ended, exit code unknown'],
  ])('says of %j: %s', (end, sentence) => {
    expect(exitReason(end)).toBe(sentence);
  });
});

describe('diedOfMemory', () => {
  it.each([
    [{ exitCode: 137, outOfMemory: true }, true],
    [{ outOfMemory: true }, true],
    [{ exitCode: 0, outOfMemory: true }, false],
    [{ exitCode: 1, outOfMemory: true }, false],
    [{ exitCode: 137, outOfMemory: false }, false],
  ])('of %j: %s', (end, died) => {
    expect(diedOfMemory(end)).toBe(died);
  });
});
