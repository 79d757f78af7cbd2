import { Module } from '@nestjs/common';
import { PoolsController } from './pools.controller.js';
import { ShownWorkers } from './shown-workers.js';
import { TenantsController } from './tenants.controller.js';
import { SteerController } from './steer.controller.js';

/** Workers and pools: monitoring and operation. */
@Module({ controllers: [PoolsController, SteerController, TenantsController], providers: [ShownWorkers] })
export class PoolsModule {}
