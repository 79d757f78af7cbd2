import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { PoolBook } from '@remuda/domain';
import { poolBook } from '../stores.js';
import { PoolListDto, WorkerListDto } from './pools.dto.js';
import type { PoolListView, WorkerListView } from './pools.dto.js';
import { viewPool } from './pool-view.js';
import { viewWorker } from './worker-view.js';

/** The workers and pools, for those who look. */
@ApiTags('pools')
@Controller('api/v1')
export class PoolsController {
  constructor(@Inject(poolBook) private readonly book: PoolBook) {}

  @Get('workers')
  @ApiOperation({ summary: 'All workers' })
  @ApiOkResponse({ type: WorkerListDto })
  async workers(): Promise<WorkerListView> {
    return { workers: (await this.book.workers()).map(viewWorker) };
  }

  @Get('pools')
  @ApiOperation({ summary: 'All pools, one for each profile' })
  @ApiOkResponse({ type: PoolListDto })
  async pools(): Promise<PoolListView> {
    return { pools: (await this.book.pools()).map(viewPool) };
  }
}
