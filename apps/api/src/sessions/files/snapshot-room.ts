import { openBlobs } from '@remuda/blobs';
import type { Blobs } from '@remuda/domain';
import { makeOwnFolder } from '@remuda/runtime';
import type { ApiSettings } from '../../settings.js';

/** Where the bridges keep snapshots: the api only reads there. */
export interface SnapshotRoom {
  /** Absent if the api has no place for files. */
  readonly blobs?: Pick<Blobs, 'get'>;
}

/** Opens it, if there is one. */
export function openSnapshotRoom(settings: ApiSettings): SnapshotRoom {
  const { blobsUrl: place, blobsKeyId: keyId, blobsSecret: secret, namespace } = settings;
  if (!place) return {};
  const makeFolder = (path: string): void => {
    makeOwnFolder(path, 0o700);
  };
  const limits = { maxBytes: 0, maxTotalBytes: 0 };
  return { blobs: openBlobs({ place, namespace, room: 'snapshots', limits, keyId, secret, makeFolder }) };
}
