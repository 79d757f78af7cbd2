import { openBlobs } from '@remuda/blobs';
import type { Blobs } from '@remuda/domain';
import { makeOwnFolder } from '@remuda/runtime';
import type { ApiSettings } from '../../settings.js';

/** Where the bridges keep snapshots, and the api those that clients write. */
export interface SnapshotRoom {
  /** Absent if the api has no place for files. */
  readonly blobs?: Pick<Blobs, 'get' | 'put' | 'remove'>;
  /** Of a file that a client writes. */
  readonly maxFileBytes: number;
}

const mebibyte = 1024 * 1024;

/** Opens it, if there is one. */
export function openSnapshotRoom(settings: ApiSettings): SnapshotRoom {
  const { blobsUrl: place, blobsKeyId: keyId, blobsSecret: secret, namespace } = settings;
  const maxFileBytes = settings.uploadMaxMb * mebibyte;
  if (!place) return { maxFileBytes };
  const makeFolder = (path: string): void => {
    makeOwnFolder(path, 0o700);
  };
  const limits = {
    maxBytes: settings.snapshotMaxMb * mebibyte,
    maxTotalBytes: settings.snapshotTotalMb * mebibyte,
    minFreeBytes: settings.blobsMinFreeMb * mebibyte,
  };
  return { maxFileBytes, blobs: openBlobs({ place, namespace, room: 'snapshots', limits, keyId, secret, makeFolder }) };
}
