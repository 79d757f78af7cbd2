import { expect, test } from 'vitest';
import { FrameReader, frameOf } from './frames.js';

const invalid = (reason: string, bytes: number) => ({ kind: 'invalid', reason, bytes });
const message = (value: unknown) => ({ kind: 'message', value });

test('messages are read whole, however their bytes are cut', () => {
  const values = [{ a: 1 }, 'two\nlines and ünïcode 🐎', 3, null, ['x']];
  const bytes = Buffer.concat(values.map(frameOf));
  for (let size = 1; size <= bytes.length; size++) {
    const frames = new FrameReader(1_000);
    const arrived = [];
    for (let at = 0; at < bytes.length; at += size) arrived.push(...frames.read(bytes.subarray(at, at + size)));
    expect(arrived).toEqual(values.map(message));
    expect(frames.end()).toEqual([]);
  }
});

test('empty lines say nothing', () => {
  expect(new FrameReader(10).read(Buffer.from('\n\r\n  \n1\n'))).toEqual([message(1)]);
});

test.each([
  ['not JSON', Buffer.from('{"a":\n'), 'the message is not JSON', 5],
  ['not UTF-8', Buffer.from([0x22, 0xff, 0xfe, 0x22, 0x0a]), 'the message is not UTF-8', 4],
  ['too large', Buffer.from(`"${'x'.repeat(100)}"\n`), 'the message is larger than 50 bytes', 102],
])('a line that is %s is named once, and the next one is read', (_, line, reason, bytes) => {
  const frames = new FrameReader(50);
  expect(frames.read(Buffer.concat([line, Buffer.from('1\n')]))).toEqual([invalid(reason, bytes), message(1)]);
});

test('a line without an end is not held beyond the limit', () => {
  const frames = new FrameReader(1_024);
  const before = process.memoryUsage().arrayBuffers;
  for (let sent = 0; sent < 100; sent++) expect(frames.read(Buffer.alloc(1_048_576, 0x78))).toEqual([]);
  global.gc?.();
  expect(frames.read(Buffer.from('\n2\n'))).toEqual([
    invalid('the message is larger than 1024 bytes', 104_857_600),
    message(2),
  ]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1_048_576);
});

test('what has no end when the stream ends is named', () => {
  const frames = new FrameReader(50);
  expect(frames.read(Buffer.from('1\n{"a"'))).toEqual([message(1)]);
  expect(frames.end()).toEqual([invalid('the message has no end', 4)]);
});
