import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { bodyExamples } from '../docs/body-examples.js';
import { RemudaError } from '@remuda/domain';
import type { PoolStore, PoolControls } from '@remuda/domain';
import type { PoolListView, PoolView, WorkerView } from '@remuda/protocol';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { requireDto, requireBody } from '../input/read-dto.js';
import { problemResponse } from '../problems/problem.dto.js';
import { poolStore, poolControls } from '../stores.js';
import { viewPool } from './pool-view.js';
import { PoolDto, PoolListDto, WorkerDto } from './pools.dto.js';
import { DrainPoolDto, DrainWorkerDto, PausePoolDto } from './steer.dto.js';
import { ShownWorkers } from './shown-workers.js';

const byOperator = 'Requested by an operator.';
const noPool = problemResponse('pool.unknown: no scheduler has this profile.');
const noWorker = problemResponse('worker.unknown: there is no such worker.');

/** A worker, and the tenant of who asks for it. */
interface Asked {
  readonly tenant: string;
  readonly id: string;
}

/** Orders of an operator for pools and workers. Idempotent, with the same answer. */
@ApiTags('pools')
@Controller('api/v1')
export class SteerController {
  constructor(
    @Inject(poolStore) private readonly store: PoolStore,
    @Inject(poolControls) private readonly controls: PoolControls,
    private readonly shown: ShownWorkers,
  ) {}

  @Post('pools/pause')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'pauseAllPools',
    summary: 'Pause all profiles: no job is started; running jobs continue',
    description: 'Idempotent.',
  })
  @ApiBody({ type: PausePoolDto, required: false, examples: bodyExamples.pause })
  @ApiOkResponse({ type: PoolListDto })
  async pauseAll(@Body() body: unknown): Promise<PoolListView> {
    await this.controls.pause(undefined, requireDto(PausePoolDto, requireBody(body ?? {})).reason ?? byOperator);
    return this.pools();
  }

  @Post('pools/resume')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'resumeAllPools',
    summary: 'End the pause of all profiles',
    description: 'Pools that were paused or drained individually stay so.',
  })
  @ApiOkResponse({ type: PoolListDto })
  async resumeAll(): Promise<PoolListView> {
    await this.controls.resume(undefined);
    return this.pools();
  }

  @Post('pools/:profile/pause')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'pausePool',
    summary: 'Pause a profile: no job is started; running jobs continue and new ones are accepted',
    description: 'Idempotent: the first reason is kept.',
  })
  @ApiBody({ type: PausePoolDto, required: false, examples: bodyExamples.pause })
  @ApiOkResponse({ type: PoolDto })
  @ApiNotFoundResponse(noPool)
  async pause(@Param('profile') profile: string, @Body() body: unknown): Promise<PoolView> {
    const { reason } = requireDto(PausePoolDto, requireBody(body ?? {}));
    return this.pool(profile, await this.controls.pause(profile, reason ?? byOperator));
  }

  @Post('pools/:profile/resume')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'resumePool',
    summary: 'Resume a profile that was paused, drained or suspended',
    description: 'Its jobs continue in their order.',
  })
  @ApiOkResponse({ type: PoolDto })
  @ApiNotFoundResponse(noPool)
  async resume(@Param('profile') profile: string): Promise<PoolView> {
    return this.pool(profile, await this.controls.resume(profile));
  }

  @Post('pools/:profile/drain')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'drainPool',
    summary: 'Drain a profile: its workers finish and leave, and none is started until it is resumed',
    description: 'Jobs that are not over by the limit go back to the queue, without counting an attempt.',
  })
  @ApiBody({ type: DrainPoolDto, required: false, examples: bodyExamples.drain })
  @ApiOkResponse({ type: PoolDto })
  @ApiNotFoundResponse(noPool)
  async drain(@Param('profile') profile: string, @Body() body: unknown): Promise<PoolView> {
    const { limitMs, reason } = requireDto(DrainPoolDto, requireBody(body ?? {}));
    return this.pool(profile, await this.controls.drainPool(profile, limitMs, reason ?? byOperator));
  }

  @Post('workers/:id/cordon')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'cordonWorker',
    summary: 'Cordon a worker: it stays, but gets no new jobs',
    description: 'For example, to inspect it while it is idle.',
  })
  @ApiOkResponse({ type: WorkerDto })
  @ApiNotFoundResponse(noWorker)
  async cordon(@Param('id') id: string, @Tenant() tenant: string): Promise<WorkerView> {
    return this.worker({ tenant, id }, await this.controls.cordon(id));
  }

  @Post('workers/:id/uncordon')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'uncordonWorker',
    summary: 'Uncordon a worker: it gets jobs again',
    description: 'A drain is not undone.',
  })
  @ApiOkResponse({ type: WorkerDto })
  @ApiNotFoundResponse(noWorker)
  async uncordon(@Param('id') id: string, @Tenant() tenant: string): Promise<WorkerView> {
    return this.worker({ tenant, id }, await this.controls.uncordon(id));
  }

  @Post('workers/:id/drain')
  @Needs('admin', { steers: true })
  @HttpCode(200)
  @ApiOperation({
    operationId: 'drainWorker',
    summary: 'Drain a worker: it finishes and leaves; its pool starts another one',
    description: 'Jobs that are not over by the limit go back to the queue, without counting an attempt.',
  })
  @ApiBody({ type: DrainWorkerDto, required: false, examples: bodyExamples.drainWorker })
  @ApiOkResponse({ type: WorkerDto })
  @ApiNotFoundResponse(noWorker)
  async drainWorker(@Param('id') id: string, @Body() body: unknown, @Tenant() tenant: string): Promise<WorkerView> {
    const { limitMs } = requireDto(DrainWorkerDto, requireBody(body ?? {}));
    return this.worker({ tenant, id }, await this.controls.drainWorker(id, limitMs));
  }

  private async pools(): Promise<PoolListView> {
    return { pools: (await this.store.pools()).map(viewPool) };
  }

  private async pool(profile: string, known: boolean): Promise<PoolView> {
    const found = known ? (await this.store.pools()).find((pool) => pool.profile === profile) : undefined;
    if (!found) throw new RemudaError('pool.unknown', `There is no pool ${JSON.stringify(profile.slice(0, 60))}.`);
    return viewPool(found);
  }

  private async worker({ tenant, id }: Asked, known: boolean): Promise<WorkerView> {
    const found = known ? (await this.store.workers()).find((worker) => worker.id === id) : undefined;
    if (!found) throw new RemudaError('worker.unknown', `There is no worker ${JSON.stringify(id.slice(0, 70))}.`);
    return this.shown.view(found, tenant);
  }
}
