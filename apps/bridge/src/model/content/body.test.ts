import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseBody } from './body.js';
import { outlineOf } from './outline.js';

test('counts what stands in any text of JSON, and how deep, without being misled by its texts', () => {
  const measure = (value: unknown): { values: number; depth: number } => {
    if (typeof value !== 'object' || value === null) return { values: 0, depth: 0 };
    const inner = Object.values(value).map(measure);
    const values = 1 + Math.max(0, inner.length - 1) + inner.reduce((sum, each) => sum + each.values, 0);
    return { values, depth: 1 + Math.max(0, ...inner.map(({ depth }) => depth)) };
  };
  const messy = fc.string({ unit: fc.constantFrom('\\', '"', '[', '{', ',', 'x'), maxLength: 20 });
  const value = fc.oneof(fc.jsonValue({ maxDepth: 6 }), fc.dictionary(messy, fc.array(messy)));
  fc.assert(
    fc.property(value, (any) => {
      const text = JSON.stringify(any);
      expect(outlineOf(Buffer.from(text))).toEqual(measure(JSON.parse(text)));
    }),
  );
});

test.each([
  ['millions of empty lists', `{"x":[${'[],'.repeat(1_000_000)}[]]}`, 'values'],
  ['a list in a list in a list …', '['.repeat(10_000) + ']'.repeat(10_000), 'nested'],
  ['half a body', '{"model":"a"', 'JSON'],
  ['a second body', '{"model":"a"}{"model":"b"}', 'JSON'],
  ['a text that does not end', '{"model":"a\\"}', 'JSON'],
  ['nothing', '', 'JSON'],
  ['a byte order mark', '\ufeff{"model":"a"}', 'JSON'],
])('refuses %s', (_what, body, why) => {
  expect(parseBody(Buffer.from(body))).toMatchObject({ kind: 'content', what: expect.stringContaining(why) as string });
});

test('refuses what is no UTF-8', () => {
  expect(parseBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).toMatchObject({ kind: 'content' });
});
