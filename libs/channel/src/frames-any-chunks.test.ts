import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, frameOf } from './frames.js';

test('messages arrive whole and in order, however the stream is cut', () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 10 }), cuts, (values, sizes) => {
      const stream = Buffer.concat(values.map(frameOf));
      const reader = new FrameReader(1_000_000);
      const arrived: unknown[] = [];
      for (let start = 0, i = 0; start < stream.length; i++) {
        const end = start + (sizes[i % sizes.length] ?? 1);
        for (const each of reader.read(stream.subarray(start, end)))
          arrived.push(each.kind === 'message' ? each.value : each);
        start = end;
      }
      expect(arrived).toEqual(values.map((value) => JSON.parse(JSON.stringify(value)) as unknown));
      expect(reader.bytesUnderWay).toBe(0);
    }),
  );
});
