import { Module } from '@nestjs/common';
import { PoolsController } from './pools.controller.js';

/** Workers and pools. */
@Module({ controllers: [PoolsController] })
export class PoolsModule {}
