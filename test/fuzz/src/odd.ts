import fc from 'fast-check';

/** Texts that break code which trusts them. None of them looks like what a program tells of its insides. */
const words = [
  '',
  ' ',
  '\u0000',
  '\t\r\n',
  '\r\nX-Injected: 1',
  'é😀\u202e\u200b\ufeff',
  '\ud800',
  '\udfff\ud800',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'then',
  'length',
  'null',
  'undefined',
  'NaN',
  'Infinity',
  '-Infinity',
  '-1',
  '-0',
  '0x10',
  '1e3',
  '1e999',
  '9007199254740993',
  '00000000000000000000000000000001',
  '../../../etc/passwd',
  '/etc/passwd',
  '%00',
  '%2e%2e%2f',
  '{{7*7}}',
  '${7*7}',
  "'; FLUSHALL",
  '*',
  '[a-z]*',
  '(a+)+$',
  '{remuda}:job:x',
  'a:b:c',
  '--upload-pack=x',
  'file:///etc',
  'ext::sh -c x',
  'javascript:1',
  'http://[::1',
  'https://user:pass@host:99999/a b',
  '2026-13-45T99:00:00Z',
  '+275760-09-13T00:00:00.001Z',
  'x'.repeat(255),
  'ü'.repeat(4_000),
] as const;

/** Lone surrogates and what no font has are among them. */
const anyCharacter = fc.nat({ max: 0x10ffff }).map((code) => String.fromCodePoint(code));

/** A text that somebody might send to do harm, or any other. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.string({ unit: anyCharacter, maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 20 }) },
);

/** Numbers as JSON text: borders, what no number of JavaScript can hold, and what is no number of JSON. */
export const oddNumber: fc.Arbitrary<string> = fc.constantFrom(
  ...['0', '-0', '-1', '1', '0.5', '1.0', '1E+2', '1e-400', '1e999', '-1e999', '1e300', '2147483648', '-2147483649'],
  ...['9007199254740993', '18446744073709551616', '1e21', '0.1e1', '8640000000000001', '-62167219200001'],
  ...['NaN', 'Infinity', '01', '+1', '.5', '0x10'],
);

/** Any JSON, as text, with no thought of what is expected; `__proto__` is a field like others. */
export const oddJson: fc.Arbitrary<string> = fc.letrec<{ value: string; list: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '""', '[]', '{}', '[[]]', '[null]', '{"":""}', '{"length":3}'),
    oddText.map((text) => JSON.stringify(text)),
    oddNumber,
    tie('list'),
    tie('object'),
  ),
  list: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  object: fc
    .array(fc.tuple(oddText, tie('value')), { maxLength: 4 })
    .map((fields) => `{${fields.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`),
})).value;

/** Deeper than any recursion should go, and lists and texts of a length. */
export const largeJson: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(60, 64, 65, 500, 5_000).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.constantFrom(60, 64, 65, 500, 5_000).map((depth) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)),
  fc.constantFrom(33, 201, 1_001, 9_000).map((count) => `[${Array(count).fill('1').join(',')}]`),
  fc
    .constantFrom(33, 201, 1_001, 5_000)
    .map((count) => `{${Array.from({ length: count }, (_, i) => `"k${String(i)}":1`).join(',')}}`),
  fc.constantFrom(501, 16_385, 60_000, 70_000).map((length) => `"${'x'.repeat(length)}"`),
);
