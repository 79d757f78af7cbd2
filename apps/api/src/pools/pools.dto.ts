import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { haltKinds, warmReasons, workerPhases } from '@remuda/domain';
import type { ErrorCode, HaltKind, PoolRecord, WarmReason, WarmTarget, WorkerPhase } from '@remuda/domain';
import type { HaltView, PoolListView, PoolView, WorkerListView, WorkerView } from '@remuda/protocol';

const time = { type: 'string', format: 'date-time' } as const;

/** A worker as operators see it. */
@ApiSchema({ name: 'Worker' })
export class WorkerDto implements WorkerView {
  @ApiProperty() id!: string;
  @ApiProperty() profile!: string;
  @ApiProperty({ enum: workerPhases }) phase!: WorkerPhase;
  @ApiProperty(time) startedAt!: string;
  @ApiPropertyOptional(time) readyAt?: string;
  @ApiPropertyOptional(time) idleSince?: string;
  @ApiPropertyOptional(time) heartbeatAt?: string;
  @ApiPropertyOptional({ description: 'The job that it carries out.' }) job?: string;
  @ApiProperty() jobsDone!: number;
  @ApiPropertyOptional({ description: 'MiB of resident memory: the worker, Claude Code and all that it started.' })
  rssMb?: number;
  @ApiPropertyOptional({ description: 'The version of Claude Code that it has.' }) claudeVersion?: string;
  @ApiProperty({ description: 'It is given no job, and stays.' }) cordoned!: boolean;
  @ApiPropertyOptional({ ...time, description: 'It leaves, and what it carries out then is requeued.' })
  drainBy?: string;
  @ApiPropertyOptional({ description: 'The scheduler that assigns its jobs.' }) owner?: string;
  @ApiPropertyOptional({
    description: "What its container was made from: the image's id, whatever its name stands for by now.",
  })
  release?: string;
}

/** All workers. */
@ApiSchema({ name: 'WorkerList' })
export class WorkerListDto implements WorkerListView {
  @ApiProperty({ type: [WorkerDto] }) workers!: WorkerDto[];
}

/** What keeps a pool's jobs waiting. */
@ApiSchema({ name: 'Halt' })
export class HaltDto implements HaltView {
  @ApiProperty({ enum: haltKinds }) kind!: HaltKind;
  @ApiProperty(time) since!: string;
  @ApiProperty() reason!: string;
  @ApiPropertyOptional({ description: 'The failure that came again and again, of one that is suspended.' })
  code?: ErrorCode;
  @ApiPropertyOptional({ ...time, description: 'When what still runs is requeued, of one that is drained.' })
  by?: string;
  @ApiProperty({ description: 'All profiles were paused at once.' }) everywhere!: boolean;
}

/** How a pool's workers start. */
@ApiSchema({ name: 'PoolStarts' })
export class StartsDto {
  @ApiProperty({ description: 'Workers that may start at the same time: it follows from how long starts take.' })
  atOnce!: number;
  @ApiProperty({ description: 'A worker that is not ready so long after its start is given up, in ms.' })
  limitMs!: number;
  @ApiProperty({ description: 'Starts that failed in a row.' }) failed!: number;
  @ApiProperty({ description: 'For so long none is started, in ms, because the last ones failed.' }) heldMs!: number;
  @ApiPropertyOptional({ description: 'Why the last one failed; absent where none has since one did not.' })
  failure?: string;
}

/** How many workers a pool keeps warm, and why. */
@ApiSchema({ name: 'PoolDemand' })
export class DemandDto implements WarmTarget {
  @ApiProperty({ description: 'Idle workers kept ready beyond the busy ones.' }) warm!: number;
  @ApiProperty({
    enum: warmReasons,
    description:
      'Why: as the arrivals ask for (`demand`), at a bound of the profile (`min`, `max`), or no job has come for long (`quiet`).',
  })
  reason!: WarmReason;
  @ApiProperty({ description: 'Jobs that came within the last 10 minutes.' }) arrivals!: number;
  @ApiProperty({ description: 'Share of these that would have found a warm worker with this number, from 0 to 1.' })
  hits!: number;
  @ApiProperty({ description: 'How long a worker takes to start, in ms.' }) startMs!: number;
}

/** A pool as operators see it. */
@ApiSchema({ name: 'Pool' })
export class PoolDto implements PoolView {
  @ApiProperty() profile!: string;
  @ApiProperty({
    description: 'No scheduler has this profile any more: its jobs wait until one has it again, or they are cancelled.',
  })
  removed!: boolean;
  @ApiProperty({ description: 'Idle workers kept ready beyond the busy ones.' }) warm!: number;
  @ApiProperty({ description: 'Most workers at a time.' }) max!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, description: 'Workers in each phase.' })
  workers!: PoolRecord['workers'];
  @ApiProperty({ description: 'Jobs that could start.' }) waiting!: number;
  @ApiProperty({ description: 'Jobs that are parked.' }) delayed!: number;
  @ApiProperty({ description: 'Jobs that workers carry out.' }) running!: number;
  @ApiProperty({ description: 'Jobs did not start, again and again: it is given none until it is resumed.' })
  suspended!: boolean;
  @ApiProperty({ type: [HaltDto], description: 'What keeps its jobs waiting; empty where nothing does.' })
  halts!: readonly HaltDto[];
  @ApiPropertyOptional({ type: StartsDto, description: 'How its workers start; absent while no scheduler keeps it.' })
  starts?: StartsDto;
  @ApiPropertyOptional({
    type: DemandDto,
    description: 'How `warm` follows from the jobs that come; absent where the number is fixed.',
  })
  demand?: DemandDto;
}

/** All pools. */
@ApiSchema({ name: 'PoolList' })
export class PoolListDto implements PoolListView {
  @ApiProperty({ type: [PoolDto] }) pools!: readonly PoolDto[];
}
