import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { checked, repack } from '@remuda/blobs';
import { RemudaError, isUploadId, uploadBlob } from '@remuda/domain';
import type { Blobs, Clock, UploadRecord } from '@remuda/domain';
import type { UploadView } from '@remuda/protocol';
import { isRecord, parseJson } from '@remuda/protocol';
import { clock, uploadRoom } from '../stores.js';
import type { SaidUpload } from './upload-headers.js';
import { UploadParts, fullFault } from './upload-parts.js';
import { viewPartial, viewUpload } from './upload-view.js';

/** Where uploads are kept, and how large they may be. */
export interface UploadRoom {
  /** Absent if the api has no place for files. */
  readonly blobs?: Blobs;
  /** Of one archive. */
  readonly maxBytes: number;
  /** What one may unpack to. */
  readonly maxUnpackedBytes: number;
}

/** Files and folders of one upload. */
export const maxUploadEntries = 50_000;

/** An upload that is sent. */
export interface SentUpload extends SaidUpload {
  readonly tenant: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Takes uploads in, whole or part by part. Their records stand beside their content. */
@Injectable()
export class Uploads {
  /** Those that a request is sending. */
  readonly #busy = new Set<string>();

  constructor(
    @Inject(uploadRoom) private readonly room: UploadRoom,
    @Inject(clock) private readonly time: Clock,
  ) {}

  /**
   * Stores an archive or a part of it. The same archive of the same tenant is the same upload, if its digest is said: so it
   * can be taken up where it broke off. Rejects with `upload.invalid`, `upload.digest_mismatch`, `upload.out_of_place`,
   * `request.too_large`, `blobs.full`.
   */
  async put(sent: SentUpload): Promise<UploadView> {
    const blobs = this.requireBlobs();
    const id = idOf(sent);
    const known = await this.record(id, sent.tenant);
    if (known) return viewUpload(known);
    if (sent.part === 'none') return viewPartial(id, await new UploadParts(blobs, id).received());
    if (this.#busy.has(id))
      throw new RemudaError('upload.out_of_place', 'Another request is sending this upload.', { retryAfterMs: 1_000 });
    this.#busy.add(id);
    try {
      return await this.take(blobs, id, sent);
    } finally {
      this.#busy.delete(id);
    }
  }

  /** A tenant's upload; `upload.unknown` if there is none, as for another tenant's. */
  async one(id: string, tenant: string): Promise<UploadRecord> {
    const record = await this.record(id, tenant);
    if (record) return record;
    throw new RemudaError('upload.unknown', `There is no upload ${JSON.stringify(id.slice(0, 80))}.`);
  }

  /** Removes it, also from under jobs that have not begun yet. */
  async remove(id: string, tenant: string): Promise<void> {
    await this.one(id, tenant);
    const blobs = this.requireBlobs();
    for (const name of [uploadBlob.record(id), uploadBlob.content(id)]) await blobs.remove(name);
  }

  /** Undefined for one that is not there, not complete, or another tenant's. */
  async record(id: string, tenant: string): Promise<UploadRecord | undefined> {
    const { blobs } = this.room;
    if (!isUploadId(id) || !blobs) return undefined;
    const blob = await blobs.get(uploadBlob.record(id));
    if (!blob) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of blob.content) chunks.push(chunk);
    const record = parseJson(Buffer.concat(chunks).toString());
    return isRecord(record) && record['tenant'] === tenant ? (record as unknown as UploadRecord) : undefined;
  }

  /** What an upload unpacks to, as a tar.gz; `upload.unknown` if there is none. */
  async content(id: string, tenant: string): Promise<AsyncIterable<Uint8Array>> {
    const { storedSha256 } = await this.one(id, tenant);
    const blob = await this.requireBlobs().get(uploadBlob.content(id));
    if (!blob) throw new RemudaError('upload.unknown', `The upload ${JSON.stringify(id)} is gone.`);
    return checked(blob.content, storedSha256);
  }

  /** Keeps an upload for a job that begins with it, until that job is over. */
  async hold(id: string, job: string): Promise<void> {
    const put = await this.requireBlobs().put(uploadBlob.use(id, job), nothing());
    if (put.kind !== 'stored') throw fullFault();
  }

  private requireBlobs(): Blobs {
    if (this.room.blobs) return this.room.blobs;
    throw new RemudaError('blobs.off', 'This api keeps no files: REMUDA_BLOBS_URL is not set.');
  }

  private async take(blobs: Blobs, id: string, { tenant, sha256, part: said, body }: SentUpload): Promise<UploadView> {
    const parts = new UploadParts(blobs, id);
    const received = await parts.received();
    const part = said === 'none' ? undefined : said;
    if (!part && received > 0) await parts.remove();
    if (part && part.from !== received)
      throw new RemudaError(
        'upload.out_of_place',
        `${String(received)} bytes of this upload have arrived: go on with Content-Range: bytes ${String(received)}-…`,
      );
    const { maxBytes } = this.room;
    if (part && part.total > maxBytes)
      throw new RemudaError('request.too_large', `An archive may have ${String(maxBytes)} bytes.`);
    try {
      const bytes = await parts.add(body, part?.from ?? 0, part?.total ?? maxBytes);
      if (part && bytes < part.total) return viewPartial(id, bytes);
      return viewUpload(await this.complete(blobs, { id, tenant, bytes, ...(sha256 ? { wanted: sha256 } : {}) }));
    } catch (error) {
      // What broke off can be taken up again; what is refused can not.
      if (error instanceof RemudaError ? isRefused(error) : sha256 === undefined) await parts.remove();
      throw error;
    }
  }

  private async complete(
    blobs: Blobs,
    { id, tenant, bytes, wanted }: { id: string; tenant: string; bytes: number; wanted?: string },
  ): Promise<UploadRecord> {
    const parts = new UploadParts(blobs, id);
    const sha256 = await parts.digest(bytes);
    if (wanted !== undefined && sha256 !== wanted)
      throw new RemudaError('upload.digest_mismatch', `What arrived has the SHA-256 ${sha256}, not ${wanted}.`);
    const tally = { files: 0, bytes: 0 };
    const limits = { maxEntries: maxUploadEntries, maxBytes: this.room.maxUnpackedBytes };
    const put = await blobs.put(uploadBlob.content(id), repack({ bytes, read: await parts.reader() }, limits, tally));
    if (put.kind !== 'stored') throw fullFault();
    const counts = { bytes, sha256, files: tally.files, unpackedBytes: tally.bytes };
    const record = { id, tenant, ...counts, at: this.time.now(), storedSha256: put.sha256 };
    const noted = await blobs.put(uploadBlob.record(id), text(JSON.stringify({ v: 1, ...record })));
    if (noted.kind !== 'stored') throw fullFault();
    await parts.remove();
    return record;
  }
}

const isRefused = ({ code }: RemudaError): boolean =>
  ['upload.invalid', 'upload.digest_mismatch', 'request.too_large'].includes(code);

/** The same for the same content of a tenant, where its digest is known beforehand. */
function idOf({ tenant, sha256 }: SentUpload): string {
  const key = sha256 === undefined ? randomBytes(32) : Buffer.from(`${tenant}\n${sha256}`);
  return `u-${createHash('sha256').update(key).digest('hex').slice(0, 32)}`;
}

async function* text(content: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(content));
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // no chunk
}
