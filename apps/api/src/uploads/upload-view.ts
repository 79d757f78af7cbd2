import type { UploadRecord } from '@remuda/domain';
import type { UploadView } from '@remuda/protocol';

/** A complete upload as clients see it. */
export function viewUpload({ id, bytes, sha256, files, unpackedBytes, at }: UploadRecord): UploadView {
  const createdAt = new Date(at).toISOString();
  return { id, state: 'complete', received: bytes, sha256, files, unpackedBytes, createdAt };
}

/** One of which a part has arrived. */
export function viewPartial(id: string, received: number): UploadView {
  return { id, state: 'partial', received };
}
