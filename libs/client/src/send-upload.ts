import { ApiError, ConnectionError } from './api-error.js';
import { sleep } from './sleep.js';
import type { Upload } from './shapes.js';

/** An archive that is to be sent. */
export interface Archive {
  readonly bytes: number;
  /** SHA-256 of all of it, in base64. */
  readonly sha256: string;
  /** The bytes from one place up to before another. */
  readonly read: (from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>;
}

/** How an archive is sent. */
export interface UploadOptions {
  /** Size of one request, in bytes; 8 MiB by default. */
  readonly partBytes?: number;
  /** Ends it: the promise rejects with the signal's reason. What has arrived is kept for a day. */
  readonly signal?: AbortSignal;
  /** For how long the api may be away before it is given up, in ms; 5 minutes by default. */
  readonly giveUpMs?: number;
  /** Called with how many bytes have arrived: at first, and after each part. */
  readonly onProgress?: (received: number) => void;
  /** Called when a part did not arrive, and is sent again. */
  readonly onRetry?: (error: Error) => void;
}

/** Headers of one request, as the api names them. */
export interface PartHeaders {
  readonly 'Repr-Digest': string;
  readonly 'Content-Range'?: string;
}

/** Sends one request. */
export type PutPart = (headers: PartHeaders, body: Uint8Array<ArrayBuffer>) => Promise<Upload>;

const defaults = { partBytes: 8 * 1024 * 1024, giveUpMs: 300_000 };
/** Pauses before a part is sent again, in ms: the first, and the longest. */
const pauseMs = { first: 200, longest: 5_000 };

/** Sends an archive part by part, from where the api has it, until it is complete. */
export async function sendUpload(
  put: PutPart,
  archive: Archive,
  { partBytes = defaults.partBytes, giveUpMs = defaults.giveUpMs, signal, onProgress, onRetry }: UploadOptions,
): Promise<Upload> {
  let known: Upload | undefined;
  let pause = pauseMs.first;
  let awaySince: number | undefined;
  for (;;) {
    signal?.throwIfAborted();
    try {
      known = known === undefined ? await ask(put, archive) : await sendPart(put, archive, known.received, partBytes);
      [pause, awaySince] = [pauseMs.first, undefined];
      onProgress?.(known.received);
      if (known.state === 'complete') return known;
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof Error) || !mayPass(error)) throw error;
      awaySince ??= performance.now();
      if (performance.now() - awaySince > giveUpMs) throw error;
      onRetry?.(error);
      // How much of the part has arrived, only the api knows.
      known = undefined;
      await sleep(Math.max(pause, (error instanceof ApiError ? error.retryAfterMs : undefined) ?? 0), signal);
      pause = Math.min(2 * pause, pauseMs.longest);
    }
  }
}

const digestOf = ({ sha256 }: Archive): string => `sha-256=:${sha256}:`;

const ask = (put: PutPart, archive: Archive): Promise<Upload> =>
  put(
    { 'Repr-Digest': digestOf(archive), 'Content-Range': `bytes */${String(archive.bytes)}` },
    new Uint8Array(new ArrayBuffer(0)),
  );

async function sendPart(put: PutPart, archive: Archive, received: number, partBytes: number): Promise<Upload> {
  const { bytes: total } = archive;
  // All of it is there, but it could not be put together: only the whole archive begins that again.
  if (received >= total) return put({ 'Repr-Digest': digestOf(archive) }, await archive.read(0, total));
  const to = Math.min(received + partBytes, total);
  const range = `bytes ${String(received)}-${String(to - 1)}/${String(total)}`;
  return put({ 'Repr-Digest': digestOf(archive), 'Content-Range': range }, await archive.read(received, to));
}

/** Another request that sends the same archive will be over some time: perhaps it is our own, which broke off. */
const mayPass = (error: Error): boolean =>
  error instanceof ApiError
    ? error.transient || error.code === 'upload.out_of_place'
    : error instanceof ConnectionError || error instanceof TypeError;
