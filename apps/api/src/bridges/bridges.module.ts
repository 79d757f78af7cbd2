import { Module } from '@nestjs/common';
import { BridgesController } from './bridges.controller.js';

/** Bridges to the Claude Code of hosts. */
@Module({ controllers: [BridgesController] })
export class BridgesModule {}
