import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { PoolStore } from '@remuda/domain';
import type { PoolListView, WorkerListView } from '@remuda/protocol';
import { poolStore } from '../stores.js';
import { PoolListDto, WorkerListDto } from './pools.dto.js';
import { viewPool } from './pool-view.js';
import { viewWorker } from './worker-view.js';

/** The workers and pools, for monitoring. */
@ApiTags('pools')
@Controller('api/v1')
export class PoolsController {
  constructor(@Inject(poolStore) private readonly store: PoolStore) {}

  @Get('workers')
  @ApiOperation({
    operationId: 'listWorkers',
    summary: 'All workers',
    description: 'Of every profile, with phase, job, memory, and the scheduler that assigns jobs.',
  })
  @ApiOkResponse({ type: WorkerListDto })
  async workers(): Promise<WorkerListView> {
    return { workers: (await this.store.workers()).map(viewWorker) };
  }

  @Get('pools')
  @ApiOperation({
    operationId: 'listPools',
    summary: 'All pools, one per profile',
    description:
      'Workers in each phase, jobs that wait and run, and what keeps them waiting. Removed profiles are listed while they have jobs or workers.',
  })
  @ApiOkResponse({ type: PoolListDto })
  async pools(): Promise<PoolListView> {
    return { pools: (await this.store.pools()).map(viewPool) };
  }
}
