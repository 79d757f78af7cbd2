import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson, readIdempotency } from './idempotency.js';

const whole = (value: unknown): string => [...canonicalJson(value)].join('');

test('the canonical form of a body is JSON that says the same', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      expect(JSON.parse(whole(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('it is the same for bodies that differ in the order of their fields only', () => {
  expect(whole({ b: [1, { d: null, c: 'x' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x","d":null}]}');
});

test('a long text is hashed in pieces, none of which ends within a pair', async () => {
  const prompt = `a${'😀'.repeat(100_000)}`;
  expect(whole({ prompt })).toBe(JSON.stringify({ prompt }));
  const fingerprint = createHash('sha256').update(JSON.stringify({ prompt })).digest('hex');
  expect(await readIdempotency('k', { prompt })).toEqual({ key: 'k', fingerprint });
});
