import { describe, expect, it } from 'vitest';
import { leftBehind } from './left-behind.js';

describe('leftBehind', () => {
  it('names one process', () => {
    expect(leftBehind(['sleep'])).toBe(
      '1 process that the job had started was still running after its result and was killed (sleep).',
    );
  });

  it('counts several, and names each program once, five at most', () => {
    expect(leftBehind(['b', 'a', 'b'])).toContain('3 processes that the job had started were still running');
    expect(leftBehind(['b', 'a', 'b'])).toMatch(/ \(a, b\)\.$/);
    expect(leftBehind(['a', 'b', 'c', 'd', 'e', 'f'])).toMatch(/ \(a, b, c, d, e and others\)\.$/);
  });

  it('keeps only plain characters of names, which a job chooses', () => {
    expect(leftBehind(['\u001b[2J) (x'])).toMatch(/ \(\?\?2J\?\?\?x\)\.$/);
  });
});
