import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { integer, text, type Setting } from '@remuda/domain';
import { readBlobPlace, type BlobPlace } from './place.js';

/** The place of an app that has to have one. */
export const temporaryPlace: BlobPlace = {
  kind: 'files',
  folder: join(tmpdir(), `remuda-${process.getuid?.() ?? 0}-blobs`),
};

/** The variables that say where blobs are. */
export const blobSettings = {
  blobsUrl: {
    env: 'REMUDA_BLOBS_URL',
    about:
      'Where snapshots, uploads and artifacts are kept: `file:///folder`, or `s3://bucket/prefix?region=…&endpoint=…`. The same for api and bridge.',
    unit: 'url',
    default: undefined as BlobPlace | undefined,
    parse: readBlobPlace,
  },
  blobsKeyId: {
    env: 'AWS_ACCESS_KEY_ID',
    about: 'Key id for a bucket in REMUDA_BLOBS_URL.',
    unit: 'string',
    default: undefined,
    parse: text,
  },
  blobsSecret: {
    env: 'AWS_SECRET_ACCESS_KEY',
    about: 'Its secret.',
    unit: 'string',
    default: undefined,
    secret: true,
    parse: text,
  },
  blobsMinFreeMb: {
    env: 'REMUDA_BLOBS_MIN_FREE_MB',
    about:
      'Free disk space below which no uploads and artifacts are kept; below a quarter of it no snapshots either. 0: no such limit.',
    unit: 'MiB',
    default: 1_024,
    parse: integer(0, 1_073_741_824),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

/** The variables that say how large snapshots may be. */
export const snapshotSettings = {
  snapshotMaxMb: {
    env: 'REMUDA_SNAPSHOT_MAX_MB',
    about: "Maximum compressed size of a job's snapshot. A larger one is not stored.",
    unit: 'MiB',
    default: 256,
    parse: integer(1, 1_048_576),
  },
  snapshotTotalMb: {
    env: 'REMUDA_SNAPSHOT_TOTAL_MB',
    about: 'Disk space for all snapshots together. When it is used up, no more are stored.',
    unit: 'MiB',
    default: 10_240,
    parse: integer(1, 1_073_741_824),
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
