import { join } from 'node:path';
import { RemudaError, type Blobs } from '@remuda/domain';
import { FileBlobs } from './files/file-blobs.js';
import type { BlobLimits } from './limits.js';
import type { BlobPlace } from './place.js';
import { S3Blobs } from './s3/s3-blobs.js';

/** What is kept apart, each with limits of its own: a name says nothing about another room. */
export type BlobRoom = 'snapshots' | 'uploads' | 'artifacts';

/** Which room of a place. */
export interface RoomPlan {
  readonly place: BlobPlace;
  /** Clusters that share a place each have their own. */
  readonly namespace: string;
  readonly room: BlobRoom;
  readonly limits: BlobLimits;
  /** Of a bucket. */
  readonly keyId?: string | undefined;
  readonly secret?: string | undefined;
  /** Makes a folder that only this app's user may write to, or refuses it. */
  readonly makeFolder: (path: string) => void;
}

/** Opens a room. Throws `config.invalid` for a bucket without a key, and for a folder that is not this user's own. */
export function openBlobs({ place, namespace, room, limits, keyId, secret, makeFolder }: RoomPlan): Blobs {
  if (place.kind === 'files') {
    const folder = join(place.folder, namespace, room);
    for (const each of [place.folder, join(place.folder, namespace), folder]) makeFolder(each);
    return new FileBlobs(folder, limits);
  }
  if (keyId === undefined || secret === undefined)
    throw new RemudaError('config.invalid', 'A bucket needs AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.');
  const prefix = [...(place.prefix === '' ? [] : [place.prefix]), namespace, room, ''].join('/');
  return new S3Blobs(place, { keyId, secret }, prefix, limits);
}
