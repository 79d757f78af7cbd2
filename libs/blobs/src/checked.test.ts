import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checked } from './checked.js';

async function* sent(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
}

const digestOf = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');
const content = fc.array(fc.uint8Array({ minLength: 1, maxLength: 20 }), { maxLength: 5 });

test('content whose digest is right comes unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(content, async (chunks) => {
      const whole = Buffer.concat(chunks);
      const got: Uint8Array[] = [];
      for await (const chunk of checked(sent(chunks), digestOf(whole))) got.push(chunk);
      expect(Buffer.concat(got)).toEqual(whole);
    }),
  );
});

test('of other content the end never comes', async () => {
  await fc.assert(
    fc.asyncProperty(content, content, async (meant, chunks) => {
      fc.pre(!Buffer.concat(meant).equals(Buffer.concat(chunks)));
      let bytes = 0;
      const read = async (): Promise<void> => {
        for await (const chunk of checked(sent(chunks), digestOf(Buffer.concat(meant)))) bytes += chunk.byteLength;
      };
      await expect(read()).rejects.toMatchObject({ code: 'blobs.broken' });
      if (chunks.length > 0) expect(bytes).toBeLessThan(Buffer.concat(chunks).byteLength);
    }),
  );
});
