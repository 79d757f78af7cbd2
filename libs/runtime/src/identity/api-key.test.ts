import { expect, test } from 'vitest';
import { fitsHash, hashSecret, makeApiKey, readApiKey } from './api-key.js';

test('a key has an id and a secret, and only its own secret fits its hash', () => {
  const [one, other] = [makeApiKey(), makeApiKey()];
  expect(readApiKey(one.text)).toEqual({ id: one.id, secret: one.secret });
  expect(fitsHash(one.secret, hashSecret(one.secret))).toBe(true);
  expect(fitsHash(other.secret, hashSecret(one.secret))).toBe(false);
  expect(fitsHash(one.secret, '')).toBe(false);
  expect(hashSecret(one.secret)).not.toContain(one.secret);
});

test.each([
  '',
  'rk_',
  'rk_0123456789abcdef_',
  `RK_0123456789abcdef_${'0'.repeat(64)}`,
  `rk_0123456789abcdef_${'0'.repeat(65)}`,
])('%j is no key', (text) => {
  expect(readApiKey(text)).toBeUndefined();
});
