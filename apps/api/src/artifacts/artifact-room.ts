import { openBlobs } from '@remuda/blobs';
import { makeOwnFolder } from '@remuda/runtime';
import type { ApiSettings } from '../settings.js';
import type { ArtifactRoom } from './artifacts.js';

/** Where the bridges keep artifacts. */
export function openArtifactRoom(settings: ApiSettings): ArtifactRoom {
  const { blobsUrl: place, blobsKeyId: keyId, blobsSecret: secret, namespace } = settings;
  if (!place) return {};
  const makeFolder = (path: string): void => {
    makeOwnFolder(path, 0o700);
  };
  // The api only reads.
  const limits = { maxBytes: 0, maxTotalBytes: 0 };
  return { blobs: openBlobs({ place, namespace, room: 'artifacts', limits, keyId, secret, makeFolder }) };
}
