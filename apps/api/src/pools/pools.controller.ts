import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { PoolStore } from '@remuda/domain';
import type { PoolListView, WorkerListView } from '@remuda/protocol';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { poolStore } from '../stores.js';
import { PoolListDto, WorkerListDto } from './pools.dto.js';
import { viewPool } from './pool-view.js';
import { ShownWorkers } from './shown-workers.js';

/** The workers and pools, for monitoring. */
@ApiTags('pools')
@Controller('api/v1')
export class PoolsController {
  constructor(
    @Inject(poolStore) private readonly store: PoolStore,
    private readonly shown: ShownWorkers,
  ) {}

  @Get('workers')
  @Needs('admin')
  @ApiOperation({
    operationId: 'listWorkers',
    summary: 'All workers',
    description:
      'Of every profile, with phase, memory, the scheduler that assigns jobs, and the job if it is of your tenant.',
  })
  @ApiOkResponse({ type: WorkerListDto })
  async workers(@Tenant() tenant: string): Promise<WorkerListView> {
    const workers = await this.store.workers();
    return { workers: await Promise.all(workers.map((worker) => this.shown.view(worker, tenant))) };
  }

  @Get('pools')
  @Needs('admin')
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
