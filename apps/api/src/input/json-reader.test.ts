import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readJson } from './json-reader.js';

/** What comes of a text that is read in pieces of so many bytes: its value, or that it is none. */
function inPieces(text: string, sliceBytes: number): { readonly value: unknown } | 'no JSON' {
  const reading = readJson(Buffer.from(text), sliceBytes);
  try {
    for (;;) {
      const { done, value } = reading.next();
      if (done === true) return { value };
    }
  } catch (error) {
    expect(error).toMatchObject({ code: 'request.malformed' });
    return 'no JSON';
  }
}

function atOnce(text: string): { readonly value: unknown } | 'no JSON' {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return 'no JSON';
  }
}

/** Pieces of JSON, of which some make a whole. */
const scraps = fc.constantFrom(
  ...[
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    '\\u',
    '\\ud83d',
    '\\n',
    'a',
    '0',
    '-',
    '.',
    'e',
    '+',
    '1',
    ' ',
    '\n',
    '\t',
  ],
  ...[
    'true',
    'null',
    '"a":',
    '"__proto__":',
    '"b"',
    '😀',
    'é',
    '\u0000',
    '\u2028',
    '\ufeff',
    '\u00a0',
    '""',
    '[]',
    '{}',
  ],
);
const slices = fc.integer({ min: 1, max: 40 });

test('a text gives the same in whatever pieces it is read', () => {
  const texts = fc.tuple(
    fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }),
    fc.constantFrom(undefined, 1, '\t', ' \n'),
  );
  fc.assert(
    fc.property(texts, slices, ([value, space], sliceBytes) => {
      const text = JSON.stringify(value, undefined, space);
      expect(inPieces(text, sliceBytes)).toEqual(atOnce(text));
    }),
    { numRuns: 1_000 },
  );
});

test('what is no JSON is none in whatever pieces it is read', () => {
  const cut = fc
    .tuple(fc.jsonValue({ stringUnit: 'binary' }), fc.nat(), scraps, fc.nat(3))
    .map(([value, at, scrap, less]) => {
      const text = JSON.stringify(value);
      const place = at % (text.length + 1);
      return text.slice(0, place) + scrap + text.slice(place + less);
    });
  const heap = fc.array(scraps, { maxLength: 8 }).map((some) => some.join(''));
  fc.assert(
    fc.property(fc.oneof(cut, heap), slices, (text, sliceBytes) => {
      // In a body it would be refused before: it is no UTF-8.
      fc.pre((text as string & { isWellFormed(): boolean }).isWellFormed());
      expect(inPieces(text, sliceBytes), text).toEqual(atOnce(text));
    }),
    { numRuns: 5_000 },
  );
});

test('a field called __proto__ is a field like others', () => {
  const text = '{"__proto__":{"a":1},"b":[{"__proto__":null}]}';
  const read = inPieces(text, 3) as { value: object };
  expect(JSON.stringify(read.value)).toBe(text);
  expect(Object.getPrototypeOf(read.value)).toBe(Object.prototype);
});

test('a pair of escapes and a character are one, wherever a piece ends', () => {
  const text = `"${'a'.repeat(7)}\\ud83d\\ude00é😀\\\\\\""`;
  for (let sliceBytes = 1; sliceBytes < 40; sliceBytes++)
    expect(inPieces(text, sliceBytes)).toEqual({ value: 'aaaaaaa😀é😀\\"' });
});

test('others have their turn after each piece, whatever it is', () => {
  for (const text of [
    `"${'x'.repeat(1_000)}"`,
    `[${'0,'.repeat(500)}0]`,
    `${' '.repeat(1_000)}0`,
    '['.repeat(500) + ']'.repeat(500),
  ]) {
    const reading = readJson(Buffer.from(text), 100);
    let turns = 0;
    while (reading.next().done !== true) turns++;
    expect(turns, text.slice(0, 5)).toBeGreaterThanOrEqual(8);
  }
});

test('a number of more than 64 KiB is refused', () => {
  expect(inPieces('9'.repeat(64 * 1024), 1_000)).toEqual({ value: Infinity });
  expect(inPieces('9'.repeat(64 * 1024 + 1), 1_000)).toBe('no JSON');
});

test('an object of more than 10,000 fields is refused', () => {
  const fields = (count: number): string => `{${Array.from({ length: count }, (_, n) => `"n${n}":0`).join(',')}}`;
  expect(inPieces(fields(10_000), 1_000)).toMatchObject({ value: { n0: 0, n9999: 0 } });
  const reading = readJson(Buffer.from(`[${fields(10_001)}]`), 1_000_000);
  const readAll = (): void => {
    while (reading.next().done !== true);
  };
  expect(readAll).toThrow('must not have an object of more than 10000 fields');
});

test('others have their turn after a thousand values, however short they are', () => {
  const reading = readJson(Buffer.from(`[${'0,'.repeat(5_000)}0]`), 1_000_000);
  let turns = 0;
  while (reading.next().done !== true) turns++;
  expect(turns).toBe(5);
});
