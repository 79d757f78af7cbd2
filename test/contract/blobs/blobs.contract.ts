import { createHash } from 'node:crypto';
import type { BlobPart, Blobs } from '@remuda/domain';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** A store that keeps at most 10 bytes of one blob, and 15 of all together. */
export interface BlobsHarness {
  readonly blobs: Blobs;
  close(): Promise<void>;
  /** Whether its times are made up. */
  readonly isFake?: boolean;
}

/** What every keeper of the Blobs port promises. */
export function blobsContract(name: string, make: () => Promise<BlobsHarness>): void {
  describe(`${name}, as a store of blobs`, () => {
    let harness: BlobsHarness;
    let blobs: Blobs;
    let isFake: boolean;
    beforeEach(async () => {
      harness = await make();
      ({ blobs, isFake = false } = harness);
    });
    afterEach(() => harness.close());

    async function textOf(blob: string, part?: BlobPart): Promise<string | undefined> {
      const found = await blobs.get(blob, part);
      if (!found) return undefined;
      const parts: Uint8Array[] = [];
      for await (const part of found.content) parts.push(part);
      const text = Buffer.concat(parts).toString();
      expect(text).toHaveLength(found.bytes);
      return text;
    }

    test('what was put is had again, and is gone once removed', async () => {
      const sha256 = createHash('sha256').update('abcd').digest('hex');
      expect(await blobs.put('job.1', chunks('ab', 'cd'))).toEqual({ kind: 'stored', bytes: 4, sha256 });
      expect(await textOf('job.1')).toBe('abcd');
      expect(await blobs.list()).toMatchObject([{ name: 'job.1', bytes: 4 }]);
      await blobs.remove('job.1');
      await blobs.remove('job.1');
      expect(await textOf('job.1')).toBeUndefined();
      expect(await blobs.list()).toEqual([]);
    });

    test('a part of it is had alone', async () => {
      await blobs.put('job.1', chunks('ab', 'cdef'));
      expect(await textOf('job.1', { from: 1, bytes: 3 })).toBe('bcd');
      expect(await textOf('job.1', { from: 0, bytes: 6 })).toBe('abcdef');
      expect(await textOf('job.1', { from: 6, bytes: 0 })).toBe('');
      expect(await textOf('job.2', { from: 0, bytes: 1 })).toBeUndefined();
    });

    test('what is empty is there as well', async () => {
      expect(await blobs.put('job.1', chunks())).toMatchObject({ kind: 'stored', bytes: 0 });
      expect(await textOf('job.1')).toBe('');
    });

    test('those whose names begin alike are listed alone, with when they were put', async () => {
      const before = Date.now() - 2_000;
      for (const name of ['a.1', 'a.2', 'b.1']) await blobs.put(name, chunks(name));
      expect((await blobs.list('a.')).map(({ name }) => name).sort()).toEqual(['a.1', 'a.2']);
      expect(await blobs.list('c')).toEqual([]);
      if (!isFake) for (const { at } of await blobs.list()) expect(at).toBeGreaterThan(before);
    });

    test('whoever ends reading early holds nothing open', async () => {
      await blobs.put('job.1', chunks('0123456789'));
      for await (const chunk of (await blobs.get('job.1'))?.content ?? []) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        break;
      }
      expect(await textOf('job.1')).toBe('0123456789');
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
