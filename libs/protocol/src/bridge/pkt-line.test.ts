import { expect, test } from 'vitest';
import { errorPacket } from './pkt-line.js';

test('frames an error as git reads it: four hex digits of length, in bytes, then ERR', () => {
  expect(errorPacket('no')).toBe('000bERR no\n');
  expect(errorPacket('é\nx')).toBe('000dERR é x\n');
  expect(errorPacket('x'.repeat(100_000)).length).toBeLessThan(1_100);
});
