import { Global, Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { openBlobs } from '@remuda/blobs';
import { makeOwnFolder } from '@remuda/runtime';
import { openArtifactRoom } from '../artifacts/artifact-room.js';
import { Artifacts } from '../artifacts/artifacts.js';
import type { ApiSettings } from '../settings.js';
import { openSnapshotRoom } from '../sessions/files/snapshot-room.js';
import { artifactRoom, snapshotRoom, uploadRoom } from '../stores.js';
import { Uploads, type UploadRoom } from './uploads.js';
import { UploadsController } from './uploads.controller.js';
import { WorkspaceCheck } from './workspace-check.js';

/** Uploads: taking them in, and keeping them for the jobs that begin with them. */
@Global()
@Module({})
export class UploadsModule {
  static register(settings: ApiSettings): DynamicModule {
    return {
      module: UploadsModule,
      controllers: [UploadsController],
      providers: [
        { provide: uploadRoom, useFactory: () => openRoom(settings) },
        { provide: snapshotRoom, useFactory: () => openSnapshotRoom(settings) },
        { provide: artifactRoom, useFactory: () => openArtifactRoom(settings) },
        Artifacts,
        Uploads,
        WorkspaceCheck,
      ],
      exports: [snapshotRoom, artifactRoom, Artifacts, Uploads, WorkspaceCheck],
    };
  }
}

const mebibyte = 1024 * 1024;

function openRoom(settings: ApiSettings): UploadRoom {
  const { blobsUrl: place, blobsKeyId: keyId, blobsSecret: secret, namespace } = settings;
  const [maxBytes, maxUnpackedBytes] = [settings.uploadMaxMb * mebibyte, settings.uploadUnpackedMb * mebibyte];
  if (!place) return { maxBytes, maxUnpackedBytes };
  const limits = {
    // What is stored in the end is packed by us, maybe worse than what was sent.
    maxBytes: maxUnpackedBytes + maxBytes,
    maxTotalBytes: settings.uploadTotalMb * mebibyte,
    minFreeBytes: settings.blobsMinFreeMb * mebibyte,
  };
  const makeFolder = (path: string): void => {
    makeOwnFolder(path, 0o700);
  };
  const blobs = openBlobs({ place, namespace, room: 'uploads', limits, keyId, secret, makeFolder });
  return { blobs, maxBytes, maxUnpackedBytes };
}
