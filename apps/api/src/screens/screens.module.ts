import { Module } from '@nestjs/common';
import { Screens } from './screens.js';
import { ScreensController } from './screens.controller.js';

/** The screens of workers with a terminal; over WebSocket by the gateway of the events. */
@Module({ controllers: [ScreensController], providers: [Screens], exports: [Screens] })
export class ScreensModule {}
