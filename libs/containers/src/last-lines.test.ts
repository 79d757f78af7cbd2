import { describe, expect, it } from 'vitest';
import { lastLines } from './last-lines.js';

describe('lastLines', () => {
  it('gives the last ones in their order, without the empty ones', () => {
    expect(lastLines('one\n\ntwo\r\nthree\n  \n', 2)).toEqual(['two', 'three']);
    expect(lastLines('')).toEqual([]);
  });

  it('cuts a line that is too long to be read', () => {
    expect(lastLines('x'.repeat(5_000))[0]).toHaveLength(2_000);
  });
});
