import { Readable } from 'node:stream';
import type { JobEvent } from '@remuda/domain';
import { expect, test } from 'vitest';
import type { Said } from './quiet.js';
import { formatEvent, sseChunks } from './sse.js';

const event = (id: number, text = 'x'): JobEvent => ({ id, attempt: 1, type: 'message.text', at: 0, data: { text } });

test('an event is three lines and an empty one, whatever its text', () => {
  expect(formatEvent(event(7, 'a\nb\r\u2028'))).toMatch(/^id: 7\nevent: message.text\ndata: [^\n\r]*\n\n$/);
});

test('a client that does not read holds the stream up: no batch is pulled ahead of it', async () => {
  let pulled = 0;
  async function* endless(): AsyncGenerator<Said> {
    for (;;) yield await Promise.resolve({ kind: 'events', events: [event(++pulled, 'x'.repeat(20_000))] });
  }
  const stream = Readable.from(sseChunks(endless()), { objectMode: false });
  await new Promise((resolve) => stream.once('readable', resolve));
  const before = await settled(() => pulled);
  expect(before).toBeLessThan(10);
  stream.read();
  expect(await settled(() => pulled)).toBeLessThan(before + 10);
  stream.destroy();
});

test('no character in an event is a line break to any reader', () => {
  const text = 'a\n\r\u0085\u2028\u2029\u000b\u000cb';
  const [id, name, data, ...rest] = formatEvent(event(1, text)).split(/[\n\r\u0085\u2028\u2029\u000b\u000c]/);
  expect([id, name, rest]).toEqual(['id: 1', 'event: message.text', ['', '']]);
  expect(JSON.parse(data?.slice('data: '.length) ?? '')).toEqual(event(1, text));
});

test('what is no event of the job has no id, so that nobody goes on from there', async () => {
  async function* all(): AsyncGenerator<Said> {
    yield await Promise.resolve({ kind: 'events', events: [event(1), event(2)] });
    yield { kind: 'position', position: 3 };
    yield { kind: 'quiet' };
  }
  const chunks: string[] = [];
  for await (const chunk of sseChunks(all())) chunks.push(chunk);
  expect(chunks.join('').match(/^id: \d$/gm)).toEqual(['id: 1', 'id: 2']);
  expect(chunks.slice(2)).toEqual(['event: queue.position\ndata: {"queuePosition":3}\n\n', ': still here\n\n']);
});

/** The figure once it moves no more. */
async function settled(figure: () => number): Promise<number> {
  for (let last = figure(); ; last = figure()) {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    if (figure() === last) return last;
  }
}
