import { Module } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { openBlobs } from '@remuda/blobs';
import { makeOwnFolder } from '@remuda/runtime';
import { EventsModule } from '../events/events.module.js';
import type { ApiSettings } from '../settings.js';
import { artifactRoom } from '../stores.js';
import { Artifacts, type ArtifactRoom } from './artifacts.js';
import { ArtifactsController } from './artifacts.controller.js';

/** Artifacts: giving out what the bridges have kept of jobs. */
@Module({})
export class ArtifactsModule {
  static register(settings: ApiSettings): DynamicModule {
    return {
      module: ArtifactsModule,
      imports: [EventsModule],
      controllers: [ArtifactsController],
      providers: [{ provide: artifactRoom, useFactory: () => openRoom(settings) }, Artifacts],
    };
  }
}

function openRoom(settings: ApiSettings): ArtifactRoom {
  const { blobsUrl: place, blobsKeyId: keyId, blobsSecret: secret, namespace } = settings;
  if (!place) return {};
  const makeFolder = (path: string): void => {
    makeOwnFolder(path, 0o700);
  };
  // The api only reads.
  const limits = { maxBytes: 0, maxTotalBytes: 0 };
  return { blobs: openBlobs({ place, namespace, room: 'artifacts', limits, keyId, secret, makeFolder }) };
}
