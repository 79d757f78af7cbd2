import { invalid } from '../input/read-dto.js';

/** What the headers of an upload say. */
export interface SaidUpload {
  /** SHA-256 of the whole archive, in hex. */
  readonly sha256?: string;
  /** Which part of the archive the body is; absent if it is all of it. */
  readonly part?: { readonly from: number; readonly total: number } | 'none';
}

/** Reads `Repr-Digest` and `Content-Range`; rejects with `request.invalid`. */
export function readUploadHeaders(digest: string | undefined, range: string | undefined): SaidUpload {
  const sha256 = digest === undefined ? undefined : readDigest(digest);
  const part = range === undefined ? undefined : readRange(range);
  if (part !== undefined && sha256 === undefined)
    throw invalid([{ path: 'Repr-Digest', message: 'is required with Content-Range: parts are put together by it' }]);
  return { ...(sha256 === undefined ? {} : { sha256 }), ...(part === undefined ? {} : { part }) };
}

function readDigest(text: string): string {
  const [, base64] = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(text) ?? [];
  if (base64 === undefined)
    throw invalid([{ path: 'Repr-Digest', message: 'must be sha-256=:…:, with the digest in base64' }]);
  return Buffer.from(base64, 'base64').toString('hex');
}

function readRange(text: string): NonNullable<SaidUpload['part']> {
  if (/^bytes \*\/(\d{1,15}|\*)$/.test(text)) return 'none';
  const [, from, to, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(text) ?? [];
  if (from === undefined || Number(to) < Number(from) || Number(to) >= Number(total))
    throw invalid([{ path: 'Content-Range', message: 'must be bytes FROM-TO/TOTAL, or bytes */TOTAL to ask' }]);
  return { from: Number(from), total: Number(total) };
}
