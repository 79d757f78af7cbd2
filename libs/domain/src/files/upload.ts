/** An upload that is complete: a workspace for jobs. Its content is a tar.gz of ours. */
export interface UploadRecord {
  readonly id: string;
  readonly tenant: string;
  /** Of the archive that was sent. */
  readonly bytes: number;
  /** SHA-256 of it, in hex. */
  readonly sha256: string;
  /** What it unpacks to. */
  readonly files: number;
  readonly unpackedBytes: number;
  /** When it was complete, epoch ms. */
  readonly at: number;
  /** Digest of the content as it is stored. */
  readonly storedSha256: string;
}

/** Whether a text can be the id of an upload. */
export function isUploadId(text: string): boolean {
  return /^u-[0-9a-f]{32}$/.test(text);
}

/** Names of an upload's blobs. */
export const uploadBlob = {
  content: (id: string) => `${id}.tgz`,
  record: (id: string) => `${id}.json`,
  /** A part of the archive that is being sent, by its place in it. */
  part: (id: string, from: number) => `${id}.part.${String(from)}`,
  parts: (id: string) => `${id}.part.`,
  /** A job that begins with it: keeps it until that job is over. */
  use: (id: string, job: string) => `${id}.use.${job}`,
} as const;

/** A blob of an upload. */
export type UploadBlob =
  | { readonly id: string; readonly kind: 'content' | 'record' }
  | { readonly id: string; readonly kind: 'part'; readonly from: number }
  | { readonly id: string; readonly kind: 'use'; readonly job: string };

/** What a blob is by its name; undefined for none of an upload. */
export function readUploadBlob(name: string): UploadBlob | undefined {
  const [, id = '', rest = ''] = /^(u-[0-9a-f]{32})\.(.+)$/.exec(name) ?? [];
  if (rest === 'tgz') return { id, kind: 'content' };
  if (rest === 'json') return { id, kind: 'record' };
  const [, from] = /^part\.(\d{1,15})$/.exec(rest) ?? [];
  if (from !== undefined) return { id, kind: 'part', from: Number(from) };
  const [, job] = /^use\.([a-z0-9-]{1,63})$/.exec(rest) ?? [];
  return job === undefined ? undefined : { id, kind: 'use', job };
}

/** How many bytes from the beginning on are there, by the parts that are. */
export function receivedBytes(parts: readonly { readonly from: number; readonly bytes: number }[]): number {
  let received = 0;
  for (const { from, bytes } of [...parts].sort((a, b) => a.from - b.from)) if (from === received) received += bytes;
  return received;
}
