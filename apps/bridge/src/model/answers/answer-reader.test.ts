import { expect, test } from 'vitest';
import { readerFor } from './answer-reader.js';

function readBytewise(contentType: string, body: string): [string, string][] {
  const seen: [string, string][] = [];
  const reader = readerFor(contentType, (type, data) => seen.push([type, data]));
  for (const byte of Buffer.from(body)) reader?.read(Buffer.from([byte]));
  reader?.end();
  return seen;
}

test('finds the events of a stream, however it is cut into pieces', () => {
  const stream = 'event: a\ndata: {"x":"é"}\n\nevent: b\r\ndata: 2\r\n\r\n: comment\n\n';
  expect(readBytewise('text/event-stream; charset=utf-8', stream)).toEqual([
    ['a', '{"x":"é"}'],
    ['b', '2'],
  ]);
});

test('gives a whole answer as one event, and has no reader for anything else', () => {
  expect(readBytewise('application/json', '{"é":1}')).toEqual([['message', '{"é":1}']]);
  expect(readerFor('text/html', () => undefined)).toBeUndefined();
  expect(readerFor(undefined, () => undefined)).toBeUndefined();
});
