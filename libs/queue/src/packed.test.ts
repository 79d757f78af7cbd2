import { deflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { packText, unpackText } from './packed.js';

const most = 1_000_000;
const said = JSON.stringify(
  Array.from({ length: 20 }, (_, i) => ({ type: 'message.delta', at: i, text: `${i * 7919} ünd` })),
);

test('what is packed is read as it was, and is smaller', () => {
  const field = packText(said);
  expect(field[0]).toBe('z');
  expect(field[1].length).toBeLessThan(said.length / 2);
  expect(unpackText(field, most)).toBe(said);
});

test('a short text, and one that can not be made smaller, stays as it is', () => {
  expect(packText('[]')).toEqual(['d', '[]']);
  const noise = Array.from({ length: 2_000 }, (_, i) => String.fromCharCode(33 + ((i * i * 7919) % 94))).join('');
  expect(unpackText(packText(noise), most)).toBe(noise);
});

test('a text that packs to almost nothing is sent as it is, and refused where it was packed all the same', () => {
  const blank = ' '.repeat(400_000);
  expect(packText(blank)).toEqual(['d', blank]);
  expect(unpackText(['z', deflateRawSync(blank).toString('base64')], most)).toBeUndefined();
});

test('what is too long, or no packed text, is none of ours', () => {
  expect(unpackText(['d', 'x'.repeat(11)], 10)).toBeUndefined();
  expect(unpackText(['z'], most)).toBeUndefined();
  expect(unpackText(['z', 'no packed text'], most)).toBeUndefined();
  expect(unpackText(['other', 'x'], most)).toBeUndefined();
});
