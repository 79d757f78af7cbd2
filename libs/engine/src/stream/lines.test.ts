import { describe, expect, it } from 'vitest';
import { LineReader, Tail } from './lines.js';

describe('LineReader', () => {
  const read = (reader: LineReader, ...parts: (string | Buffer)[]): string[] =>
    parts.flatMap((part) => reader.read(Buffer.from(part as string)) ?? ['too long']);

  it('gives lines however they are cut, and no empty ones', () => {
    expect(read(new LineReader(100), 'a', 'b\nc\n\n', '\r\nd', '\n')).toEqual(['ab', 'c', 'd']);
  });

  it('joins a character that was cut in two', () => {
    const bytes = Buffer.from('é\n');
    expect(read(new LineReader(100), bytes.subarray(0, 1), bytes.subarray(1))).toEqual(['é']);
  });

  it('replaces bytes that are no UTF-8', () => {
    expect(read(new LineReader(100), Buffer.from([0x61, 0xff, 0x0a]))).toEqual(['a\ufffd']);
  });

  it('refuses a line that grows too long, ended or not', () => {
    expect(read(new LineReader(3), 'ab', 'cd')).toEqual(['too long']);
    expect(read(new LineReader(3), 'abcd\n')).toEqual(['too long']);
    expect(read(new LineReader(3), 'abc\nabc\n')).toEqual(['abc', 'abc']);
  });
});

describe('Tail', () => {
  it('keeps the last lines, each cut', () => {
    const tail = new Tail(2, 3);
    tail.add('one\n\ntwo');
    tail.add('three\n');
    expect(tail.lines).toEqual(['two', 'thr']);
  });
});
