import type { BlobPart, Blobs, OpenBlob, Put, SeenBlob } from '@remuda/domain';
import { RemudaError } from '@remuda/domain';
import { S3mini } from 's3mini';
import { checkedName, isBlobName, type BlobLimits } from '../limits.js';
import { Measure } from '../measure.js';
import type { S3Place } from '../place.js';
import { Total } from '../total.js';
import { inPieces } from './pieces.js';

/** With what a bucket is opened. */
export interface S3Credentials {
  readonly keyId: string;
  readonly secret: string;
}

/** Size of the parts in which a large blob is sent, in bytes: each is held in memory. S3 takes 5 MiB or more. */
const pieceBytes = 8 * 1024 * 1024;

/** Timeout of a request that is no download, in ms. */
const requestMs = 60_000;

/** Blobs as objects of a bucket, under a prefix. */
export class S3Blobs implements Blobs {
  readonly #total = new Total(async () => (await this.list()).reduce((sum, { bytes }) => sum + bytes, 0));
  readonly #short: S3mini;
  /** A download may take its time. */
  readonly #long: S3mini;

  constructor(
    { bucketUrl: endpoint, region }: S3Place,
    { keyId: accessKeyId, secret: secretAccessKey }: S3Credentials,
    /** Ends with a slash. */
    private readonly prefix: string,
    private readonly limits: BlobLimits,
  ) {
    const config = { endpoint, region, accessKeyId, secretAccessKey };
    this.#short = new S3mini({ ...config, requestAbortTimeout: requestMs });
    this.#long = new S3mini(config);
  }

  async put(name: string, content: AsyncIterable<Uint8Array>): Promise<Put> {
    const key = this.#key(name);
    if ((await this.#total.bytes()) >= this.limits.maxTotalBytes) return { kind: 'full' };
    const measure = new Measure(this.limits.maxBytes);
    const sending = new Sending(this.#short, key);
    try {
      for await (const piece of inPieces(measure.through(content), pieceBytes)) await sending.add(piece);
    } catch (error) {
      await sending.giveUp();
      throw error;
    }
    if (measure.over) {
      await sending.giveUp();
      return { kind: 'too_large' };
    }
    await sending.end();
    this.#total.add(measure.bytes);
    return measure.put;
  }

  async get(name: string, part?: BlobPart): Promise<OpenBlob | undefined> {
    const key = this.#key(name);
    if (part?.bytes === 0) return (await this.get(name)) && { bytes: 0, content: nothing() };
    const answer = await answered(
      part ? this.#long.getObjectRaw(key, false, part.from, part.from + part.bytes) : this.#long.getObjectRaw(key),
    );
    if (!answer) return undefined;
    return { bytes: Number(answer.headers.get('content-length')), content: bodyOf(answer) };
  }

  async remove(name: string): Promise<void> {
    await answered(this.#short.deleteObject(this.#key(name)));
    this.#total.forget();
  }

  async list(prefix = ''): Promise<readonly SeenBlob[]> {
    const found = await answered(this.#short.listObjects('/', this.prefix + prefix, maxListed));
    return (found ?? []).flatMap(({ Key, Size, LastModified }) => {
      const name = Key.slice(this.prefix.length);
      return isBlobName(name) ? [{ name, bytes: Size, at: new Date(LastModified).getTime() }] : [];
    });
  }

  /** Incomplete ones are aborted by whoever began them; those of dead processes by a rule of the bucket's. */
  async tidy(): Promise<void> {
    await Promise.resolve();
  }

  async freeBytes(): Promise<undefined> {
    await Promise.resolve();
    return undefined;
  }

  #key(name: string): string {
    return this.prefix + checkedName(name);
  }
}

/** More than a room ever has. */
const maxListed = 10_000_000;

/** One object being sent: at once if it fits into one piece, otherwise piece by piece. */
class Sending {
  #first: Uint8Array | undefined;
  #upload: string | undefined;
  readonly #parts: { partNumber: number; etag: string }[] = [];

  constructor(
    private readonly s3: S3mini,
    private readonly key: string,
  ) {}

  async add(piece: Uint8Array): Promise<void> {
    if (this.#first === undefined && this.#upload === undefined) {
      this.#first = piece;
      return;
    }
    this.#upload ??= await reached(this.s3.getMultipartUploadId(this.key));
    if (this.#first) await this.#send(this.#first);
    this.#first = undefined;
    await this.#send(piece);
  }

  async end(): Promise<void> {
    if (this.#upload === undefined) {
      await reached(this.s3.putObject(this.key, this.#first ?? new Uint8Array()));
      return;
    }
    await reached(this.s3.completeMultipartUpload(this.key, this.#upload, this.#parts));
  }

  async giveUp(): Promise<void> {
    if (this.#upload !== undefined) await this.s3.abortMultipartUpload(this.key, this.#upload).catch(() => undefined);
  }

  async #send(piece: Uint8Array): Promise<void> {
    const number = this.#parts.length + 1;
    this.#parts.push(await reached(this.s3.uploadPart(this.key, this.#upload ?? '', piece, number)));
  }
}

/** Undefined for what is not there. */
async function answered<T>(work: Promise<T>): Promise<T | undefined> {
  return reached(
    work.catch((error: unknown) => {
      if ((error as { status?: number }).status === 404) return undefined;
      throw error;
    }),
  );
}

/** The faults of a bucket are those of the store; they do not name its key. */
async function reached<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new RemudaError('blobs.unavailable', `The bucket does not answer as it should: ${message}`, {
      cause,
      retryAfterMs: 1_000,
    });
  }
}

async function* bodyOf(answer: Response): AsyncGenerator<Uint8Array> {
  if (answer.body) for await (const chunk of answer.body) yield chunk as Uint8Array;
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // no chunk
}
