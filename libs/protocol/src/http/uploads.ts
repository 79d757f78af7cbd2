import type { IsoTime } from './dated.js';

/** Path of the uploads. */
export const uploadsPath = '/api/v1/uploads';

/** An upload: while it is being sent, how much has arrived; afterwards what it is. */
export interface UploadView {
  readonly id: string;
  readonly state: 'partial' | 'complete';
  /** Bytes of the archive that have arrived without a hole. */
  readonly received: number;
  /** SHA-256 of the archive, in hex; absent while it is partial. */
  readonly sha256?: string;
  /** Files in it. */
  readonly files?: number;
  /** What it unpacks to, in bytes. */
  readonly unpackedBytes?: number;
  readonly createdAt?: IsoTime;
}
