import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redactor } from './redactor.js';

const secret = 'p@ss/wörd "42"+<x>';
const hide = redactor({ TOKEN: secret, PIN: '123', SHORT: 'abcd' });
const hidden = '[secret TOKEN]';

describe('what is hidden', () => {
  test.each([
    ['as it is', secret],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64url', Buffer.from(secret).toString('base64url')],
    ['in hexadecimal', Buffer.from(secret).toString('hex')],
    ['in a query', encodeURIComponent(secret)],
    ['in a form', new URLSearchParams({ '': secret }).toString().slice(1)],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ["in Python's JSON", 'p@ss/w\\u00f6rd \\"42\\"+<x>'],
    ["in Go's JSON", 'p@ss/wörd \\"42\\"+\\u003cx\\u003e'],
  ])('a secret %s', (_how, text) => {
    expect(hide.text(`before ${text} after ${text}`)).toBe(`before ${hidden} after ${hidden}`);
  });

  test.each(['user:', 'me:', 'x', ''])('a secret behind "%s" in base64', (before) => {
    const text = Buffer.from(`${before}${secret}\n`).toString('base64');
    const left = hide.text(text);
    expect(left).toContain(hidden);
    expect(left.replace(hidden, '').length).toBeLessThan(14);
  });

  test('a long secret in base64 with line breaks, as the program of that name writes it', () => {
    const key = Array.from({ length: 40 }, (_, i) => `line ${String(i)} of the key`).join('\n');
    const text = execFileSync('base64', { input: `${key}\n` }).toString();
    expect(text.split('\n').length).toBeGreaterThan(3);
    expect(redactor({ KEY: key }).text(text)).toMatch(/^\[secret KEY\].{0,4}\n$/);
  });

  test('each line of a secret that has several', () => {
    const key = '-----BEGIN-----\nabcdefghijkl\nmnopqrstuvwx\n-----END-----';
    expect(redactor({ KEY: key }).text('   2\tmnopqrstuvwx')).toBe('   2\t[secret KEY]');
  });

  test('one that is within another one', () => {
    const two = redactor({ SMALL: 'inner', LARGE: 'an inner one' });
    expect(two.text('an inner one, inner')).toBe('[secret LARGE], [secret SMALL]');
  });

  test('its beginning at the end of a text that was cut', () => {
    expect(hide.cut('so it is p@ss/w')).toBe(`so it is ${hidden}`);
    expect(hide.text('so it is p@ss/w')).toBe('so it is p@ss/w');
    expect(hide.cut('so it is p@')).toBe('so it is p@');
  });

  test('texts, names and numbers in a JSON value', () => {
    const pin = redactor({ PIN: '123456' });
    const value = { is: 123456, has: ['x123456', { '123456': null }], not: 12345, flag: true };
    expect(pin.all(value)).toEqual({
      is: '[secret PIN]',
      has: ['x[secret PIN]', { '[secret PIN]': null }],
      not: 12345,
      flag: true,
    });
    expect(pin.texts(value).is).toBe(123456);
  });
});

test('a secret of fewer than four characters is named instead of hidden', () => {
  expect(hide.tooShort).toEqual(['PIN']);
  expect(hide.text('123 abcd')).toBe('123 [secret SHORT]');
});

test('without secrets a value is given back as it is', () => {
  const value = { text: 'x' };
  expect(redactor({}).texts(value)).toBe(value);
});

const letters = fc.constantFrom('a', 'b', '"', '\n', ' ', '/', 'ö', '😀', '%', '+');
const value = fc.string({ unit: letters, minLength: 4, maxLength: 12 });
const around = fc.string({ unit: letters, maxLength: 20 });
const cuts = fc.array(fc.nat(60), { maxLength: 6 });

/** A text, cut in pieces at some places. */
function inPieces(text: string, places: readonly number[]): readonly string[] {
  const sorted = [...new Set(places.map((place) => Math.min(place, text.length)))].sort((a, b) => a - b);
  return [...sorted, text.length].map((to, i) => text.slice(sorted[i - 1] ?? 0, to));
}

const encodings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('hex'),
  encodeURIComponent,
  (text) => JSON.stringify(text).slice(1, -1),
];

describe('whatever the secret, and whatever stands around it', () => {
  // the name that takes its place holds none of the letters
  const reads = (text: string) => text.replaceAll('[secret S]', '\u0000');

  test('no form of it is left', () => {
    fc.assert(
      fc.property(value, around, around, fc.constantFrom(...encodings), (secret, before, after, encode) => {
        const left = reads(redactor({ S: secret }).text(before + encode(secret) + after));
        for (const each of encodings) expect(left).not.toContain(each(secret));
      }),
      { numRuns: 400 },
    );
  });

  test('in pieces no form of it is left either, and what is no secret is all there', () => {
    fc.assert(
      fc.property(
        value,
        around,
        around,
        fc.constantFrom(...encodings),
        cuts,
        (secret, before, after, encode, places) => {
          const hide = redactor({ S: secret });
          const text = before + encode(secret) + after;
          const pieces = hide.pieces();
          const said =
            inPieces(text, places)
              .map((piece) => pieces.next(piece))
              .join('') + pieces.rest();
          expect(reads(said)).not.toContain(encode(secret));
          expect(said).toBe(hide.cut(text));
        },
      ),
      { numRuns: 400 },
    );
  });

  test('a text without it stays as it is', () => {
    const other = fc.string({ unit: fc.constantFrom('x', 'y', ' '), maxLength: 200 });
    fc.assert(fc.property(value, other, (secret, text) => redactor({ S: secret }).text(text) === text));
  });
});
