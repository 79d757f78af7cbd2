import { expect, test } from 'vitest';
import { splitAt } from './split.js';

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}

test.each([0, 1, 2, 3, 4, 5, 6])('%i bytes are taken off, wherever the chunks end', async (bytes) => {
  const { head, rest } = await splitAt(chunks('ab', 'c', 'def'), bytes);
  const left: Uint8Array[] = [];
  for await (const chunk of rest) left.push(chunk);
  expect([head.toString(), Buffer.concat(left).toString()]).toEqual(['abcdef'.slice(0, bytes), 'abcdef'.slice(bytes)]);
});

test('of what is shorter all is taken', async () => {
  const { head, rest } = await splitAt(chunks('ab'), 5);
  expect(head.toString()).toBe('ab');
  for await (const chunk of rest) expect(chunk).toBeUndefined();
});
