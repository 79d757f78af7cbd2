import { expect, test } from 'vitest';
import { BytesUnderWay } from './share.js';

test('as many bytes are under way as there is room for, and each is given back once', () => {
  const underWay = new BytesUnderWay(10);
  const leave = underWay.take(6);
  expect(underWay.take(5)).toBeUndefined();
  expect(underWay.take(4)).toBeDefined();
  leave?.();
  leave?.();
  expect(underWay.take(7)).toBeUndefined();
  expect(underWay.take(6)).toBeDefined();
});
