import { expect, test } from 'vitest';
import { readJsonBody } from './json-body.js';

const plainBody = { 'content-type': 'application/json' };

test('a body of more values than that is refused before it is parsed', async () => {
  const reading = readJsonBody(plainBody, Buffer.from(`[${'{},'.repeat(4_000_000)}{}]`));
  await expect(reading).rejects.toMatchObject({ code: 'request.invalid', extra: { faults: [{ path: '' }] } });
});

test('values are counted outside of texts only', async () => {
  const body = { prompt: '[{,'.repeat(60_000) + '"\\"[,{' };
  expect(await readJsonBody(plainBody, Buffer.from(JSON.stringify(body)))).toEqual(body);
});

test('others have their turn while a large body is read', async () => {
  let turns = 0;
  const turning = setInterval(() => turns++, 0);
  await readJsonBody(plainBody, Buffer.from(`"${'x'.repeat(8 * 1024 * 1024)}"`));
  clearInterval(turning);
  expect(turns).toBeGreaterThan(5);
});

test('a text is the same in whatever pieces it is decoded', async () => {
  const text = `${'a'.repeat(256 * 1024 - 3)}😀ä`;
  expect(await readJsonBody(plainBody, Buffer.from(JSON.stringify(text)))).toBe(text);
  expect(await readJsonBody(plainBody, Buffer.from('\ufeff{}'))).toEqual({});
});
