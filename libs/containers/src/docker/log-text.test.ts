import { describe, expect, it } from 'vitest';
import { logText } from './log-text.js';

const frame = (stream: 1 | 2, text: string): Buffer => {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
};

describe('logText', () => {
  it('joins stdout and stderr in the order in which they came', () => {
    expect(logText(Buffer.concat([frame(1, 'one\n'), frame(2, 'two\n'), frame(1, 'drei €\n')]))).toBe(
      'one\ntwo\ndrei €\n',
    );
  });

  it('gives what is there of a frame that is cut off', () => {
    expect(logText(frame(1, 'whole').subarray(0, 10))).toBe('wh');
    expect(logText(Buffer.alloc(5))).toBe('');
  });
});
