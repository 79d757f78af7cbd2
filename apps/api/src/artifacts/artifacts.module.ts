import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { ArtifactsController } from './artifacts.controller.js';

/** Artifacts: giving out what the bridges have kept of jobs. */
@Module({ imports: [EventsModule], controllers: [ArtifactsController] })
export class ArtifactsModule {}
