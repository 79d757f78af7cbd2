import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { workerPhases } from '@remuda/domain';
import type { PoolRecord, WorkerPhase } from '@remuda/domain';
import type { Shape } from '../docs/shape.js';

const time = { type: 'string', format: 'date-time' } as const;

/** A worker as operators see it. */
@ApiSchema({ name: 'Worker' })
export class WorkerDto {
  @ApiProperty() id!: string;
  @ApiProperty() profile!: string;
  @ApiProperty({ enum: workerPhases }) phase!: WorkerPhase;
  @ApiProperty(time) startedAt!: string;
  @ApiPropertyOptional(time) readyAt?: string;
  @ApiPropertyOptional(time) idleSince?: string;
  @ApiPropertyOptional(time) heartbeatAt?: string;
  @ApiPropertyOptional({ description: 'The job that it carries out.' }) job?: string;
  @ApiProperty() jobsDone!: number;
  @ApiPropertyOptional() rssMb?: number;
  @ApiPropertyOptional({ description: 'The scheduler that assigns its jobs.' }) owner?: string;
}

/** All workers. */
@ApiSchema({ name: 'WorkerList' })
export class WorkerListDto {
  @ApiProperty({ type: [WorkerDto] }) workers!: WorkerDto[];
}

/** A pool as operators see it. */
@ApiSchema({ name: 'Pool' })
export class PoolDto {
  @ApiProperty() profile!: string;
  @ApiProperty({ description: 'Idle workers kept ready beyond the busy ones.' }) warm!: number;
  @ApiProperty({ description: 'Most workers at a time.' }) max!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, description: 'Workers in each phase.' })
  workers!: PoolRecord['workers'];
  @ApiProperty({ description: 'Jobs that could start.' }) waiting!: number;
  @ApiProperty({ description: 'Jobs that are parked.' }) delayed!: number;
  @ApiProperty({ description: 'Jobs that workers carry out.' }) running!: number;
  @ApiProperty() suspended!: boolean;
}

/** All pools. */
@ApiSchema({ name: 'PoolList' })
export class PoolListDto {
  @ApiProperty({ type: [PoolDto] }) pools!: readonly PoolDto[];
}

/** Worker as plain data. */
export type WorkerView = Shape<WorkerDto>;

/** WorkerList as plain data. */
export type WorkerListView = Shape<WorkerListDto>;

/** PoolList as plain data. */
export type PoolListView = Shape<PoolListDto>;
