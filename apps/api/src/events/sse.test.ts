import { Readable } from 'node:stream';
import type { JobEvent } from '@remuda/domain';
import { expect, test, vi } from 'vitest';
import { formatEvent, sseChunks } from './sse.js';

const event = (id: number, text = 'x'): JobEvent => ({ id, attempt: 1, type: 'message.text', at: 0, data: { text } });

test('an event is three lines and an empty one, whatever its text', () => {
  expect(formatEvent(event(7, 'a\nb\r\u2028'))).toMatch(/^id: 7\nevent: message.text\ndata: [^\n\r]*\n\n$/);
});

test('a client that does not read holds the stream up: no batch is pulled ahead of it', async () => {
  let pulled = 0;
  async function* endless(): AsyncGenerator<readonly JobEvent[]> {
    for (;;) yield await Promise.resolve([event(++pulled, 'x'.repeat(20_000))]);
  }
  const stream = Readable.from(sseChunks(endless(), 60_000), { objectMode: false });
  await new Promise((resolve) => stream.once('readable', resolve));
  const before = await settled(() => pulled);
  expect(before).toBeLessThan(10);
  stream.read();
  expect(await settled(() => pulled)).toBeLessThan(before + 10);
  stream.destroy();
});

test('a quiet stream shows that it lives', async () => {
  vi.useFakeTimers();
  const quiet = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => undefined) }) };
  const chunks = sseChunks(quiet, 15_000);
  expect((await chunks.next()).value).toBe('retry: 1000\n\n');
  const beat = chunks.next();
  await vi.advanceTimersByTimeAsync(15_000);
  expect((await beat).value).toBe(': still here\n\n');
  vi.useRealTimers();
});

test('it ends with its events', async () => {
  async function* two(): AsyncGenerator<readonly JobEvent[]> {
    yield await Promise.resolve([event(1), event(2)]);
  }
  const chunks: string[] = [];
  for await (const chunk of sseChunks(two(), 60_000)) chunks.push(chunk);
  expect(chunks.join('').match(/^id: \d$/gm)).toEqual(['id: 1', 'id: 2']);
});

/** The figure once it moves no more. */
async function settled(figure: () => number): Promise<number> {
  for (let last = figure(); ; last = figure()) {
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    if (figure() === last) return last;
  }
}
