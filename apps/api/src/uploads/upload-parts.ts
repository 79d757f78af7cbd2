import { createHash } from 'node:crypto';
import { inPieces, type ReadPart } from '@remuda/blobs';
import { RemudaError, readUploadBlob, receivedBytes, uploadBlob, type Blobs } from '@remuda/domain';

/** Size of the parts in which an archive is stored while it is sent, in bytes: one is held in memory. */
const partBytes = 8 * 1024 * 1024;

interface Part {
  readonly from: number;
  readonly bytes: number;
  readonly name: string;
}

/** The parts of an archive that have arrived. */
export class UploadParts {
  constructor(
    private readonly blobs: Blobs,
    private readonly id: string,
  ) {}

  /** Bytes that are there without a hole. */
  async received(): Promise<number> {
    return receivedBytes(await this.#list());
  }

  /**
   * Stores what arrives from a place on. Of a body that breaks off, what has arrived is stored as well, and its error is passed
   * on. Rejects with `blobs.full`, and with `request.too_large` beyond `maxBytes` of all.
   */
  async add(body: AsyncIterable<Uint8Array>, begin: number, maxBytes: number): Promise<number> {
    const broken: { error?: unknown } = {};
    let from = begin;
    for await (const piece of inPieces(untilBroken(body, broken), partBytes)) {
      if (from + piece.byteLength > maxBytes)
        throw new RemudaError('request.too_large', `The archive has more than ${String(maxBytes)} bytes.`);
      const put = await this.blobs.put(uploadBlob.part(this.id, from), once(piece));
      if (put.kind !== 'stored') throw fullFault();
      from += piece.byteLength;
    }
    if ('error' in broken) throw broken.error;
    return from;
  }

  /** Reads a part of the archive. One stored part is held in memory. */
  async reader(): Promise<ReadPart> {
    const parts = (await this.#list()).sort((a, b) => a.from - b.from);
    let held: { readonly name: string; readonly content: Buffer } | undefined;
    const contentOf = async ({ name }: Part): Promise<Buffer> => {
      if (held?.name !== name) held = { name, content: await this.#read(name) };
      return held.content;
    };
    return async function* read(from: number, bytes: number) {
      const end = from + bytes;
      for (const part of parts) {
        if (part.from + part.bytes <= from || part.from >= end) continue;
        const content = await contentOf(part);
        yield content.subarray(Math.max(0, from - part.from), end - part.from);
      }
    };
  }

  /** SHA-256 of all, in hex. */
  async digest(bytes: number): Promise<string> {
    const hash = createHash('sha256');
    const read = await this.reader();
    for await (const chunk of read(0, bytes)) hash.update(chunk);
    return hash.digest('hex');
  }

  async remove(): Promise<void> {
    for (const { name } of await this.#list()) await this.blobs.remove(name);
  }

  async #list(): Promise<Part[]> {
    const seen = await this.blobs.list(uploadBlob.parts(this.id));
    return seen.flatMap(({ name, bytes }) => {
      const is = readUploadBlob(name);
      return is?.kind === 'part' ? [{ from: is.from, bytes, name }] : [];
    });
  }

  async #read(name: string): Promise<Buffer> {
    const blob = await this.blobs.get(name);
    if (!blob) throw new RemudaError('blobs.unavailable', 'A part of the upload is gone; send it again.');
    const chunks: Uint8Array[] = [];
    for await (const chunk of blob.content) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}

/** The store has no room. */
export function fullFault(): RemudaError {
  return new RemudaError('blobs.full', 'There is no room for more files: try again later, or ask the operator.');
}

async function* untilBroken(body: AsyncIterable<Uint8Array>, broken: { error?: unknown }): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    broken.error = error;
  }
}

async function* once(piece: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(piece);
}
