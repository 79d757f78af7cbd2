import type { Blobs } from '@remuda/domain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** A store that keeps at most 10 bytes of one blob, and 15 of all together. */
export interface BlobsHarness {
  readonly blobs: Blobs;
  close(): Promise<void>;
}

/** What every keeper of the Blobs port promises. */
export function blobsContract(name: string, make: () => Promise<BlobsHarness>): void {
  describe(`${name}, as a store of blobs`, () => {
    let harness: BlobsHarness;
    let blobs: Blobs;
    beforeEach(async () => {
      harness = await make();
      ({ blobs } = harness);
    });
    afterEach(() => harness.close());

    async function textOf(blob: string): Promise<string | undefined> {
      const found = await blobs.get(blob);
      if (!found) return undefined;
      const parts: Uint8Array[] = [];
      for await (const part of found.content) parts.push(part);
      const text = Buffer.concat(parts).toString();
      expect(text).toHaveLength(found.bytes);
      return text;
    }

    test('what was put is had again, and is gone once removed', async () => {
      expect(await blobs.put('job.1', chunks('ab', 'cd'))).toEqual({ kind: 'stored', bytes: 4 });
      expect(await textOf('job.1')).toBe('abcd');
      expect(await blobs.list()).toMatchObject([{ name: 'job.1', bytes: 4 }]);
      await blobs.remove('job.1');
      await blobs.remove('job.1');
      expect(await textOf('job.1')).toBeUndefined();
      expect(await blobs.list()).toEqual([]);
    });

    test('the last one under a name counts', async () => {
      await blobs.put('job.1', chunks('first'));
      await blobs.put('job.1', chunks('last'));
      expect(await textOf('job.1')).toBe('last');
    });

    test('what breaks off leaves nothing behind, and keeps what was there', async () => {
      await blobs.put('job.1', chunks('whole'));
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield Buffer.from('half');
        throw await Promise.resolve(new Error('cut'));
      }
      await expect(blobs.put('job.1', broken())).rejects.toThrow('cut');
      await expect(blobs.put('job.2', broken())).rejects.toThrow('cut');
      expect(await textOf('job.1')).toBe('whole');
      expect((await blobs.list()).map((blob) => blob.name)).toEqual(['job.1']);
    });

    test('what is too large is not kept, to the byte', async () => {
      expect(await blobs.put('job.1', chunks('0123456789'))).toMatchObject({ kind: 'stored' });
      expect(await blobs.put('job.2', chunks('012345', '67890'))).toEqual({ kind: 'too_large' });
      expect(await textOf('job.2')).toBeUndefined();
    });

    test('all together take no more than they may', async () => {
      await blobs.put('job.1', chunks('0123456789'));
      await blobs.put('job.2', chunks('01234'));
      expect(await blobs.put('job.3', chunks('0'))).toEqual({ kind: 'full' });
      await blobs.remove('job.1');
      expect(await blobs.put('job.3', chunks('0'))).toMatchObject({ kind: 'stored' });
    });

    test.each(['../job.1', '.draft-1', 'a/b', '', 'A'])('%j names no blob', async (wrong) => {
      await expect(blobs.put(wrong, chunks('x'))).rejects.toThrow('is not a valid name of a blob');
      await expect(blobs.get(wrong)).rejects.toThrow('is not a valid name of a blob');
      await expect(blobs.remove(wrong)).rejects.toThrow('is not a valid name of a blob');
    });
  });
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield await Promise.resolve(Buffer.from(text));
}
