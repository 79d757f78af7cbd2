import { Module } from '@nestjs/common';
import { PoolsController } from './pools.controller.js';
import { SteerController } from './steer.controller.js';

/** Workers and pools, for those who look and those who steer. */
@Module({ controllers: [PoolsController, SteerController] })
export class PoolsModule {}
