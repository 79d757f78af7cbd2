import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { engineKinds, haltKinds, permissionModes, waitReasons, warmReasons, workerPhases } from '@remuda/domain';
import type { EngineKind, ErrorCode, HaltKind, PermissionMode, PoolRecord, PoolSpare } from '@remuda/domain';
import type { PoolWait, WaitReason, WarmReason, WarmTarget, WorkerPhase } from '@remuda/domain';
import type { HaltView, PoolListView, PoolView, WorkerListView, WorkerView } from '@remuda/protocol';

const time = { type: 'string', format: 'date-time' } as const;

/** A worker as operators see it. */
@ApiSchema({ name: 'Worker' })
export class WorkerDto implements WorkerView {
  @ApiProperty() id!: string;
  @ApiProperty() profile!: string;
  @ApiPropertyOptional({ enum: engineKinds, description: 'How its Claude Code is driven.' }) engine?: EngineKind;
  @ApiProperty({ enum: workerPhases }) phase!: WorkerPhase;
  @ApiProperty(time) startedAt!: string;
  @ApiPropertyOptional(time) readyAt?: string;
  @ApiPropertyOptional(time) idleSince?: string;
  @ApiPropertyOptional(time) heartbeatAt?: string;
  @ApiPropertyOptional({ description: 'The job it carries out.' }) job?: string;
  @ApiProperty() jobsDone!: number;
  @ApiPropertyOptional({ description: 'Resident memory in MiB: the worker, Claude Code and all processes it started.' })
  rssMb?: number;
  @ApiPropertyOptional({ description: 'Its version of Claude Code.' }) claudeVersion?: string;
  @ApiProperty({ description: 'Whether it stays without being given new jobs.' }) cordoned!: boolean;
  @ApiPropertyOptional({ ...time, description: 'When it has to leave; a job that still runs is then requeued.' })
  drainBy?: string;
  @ApiPropertyOptional({ description: 'The scheduler that assigns its jobs.' }) owner?: string;
  @ApiPropertyOptional({
    description: "Id of the image its container was made from, even if the image's name now refers to another one.",
  })
  release?: string;
}

/** All workers. */
@ApiSchema({ name: 'WorkerList' })
export class WorkerListDto implements WorkerListView {
  @ApiProperty({ type: [WorkerDto] }) workers!: WorkerDto[];
}

/** Why a pool's jobs wait. */
@ApiSchema({ name: 'Halt' })
export class HaltDto implements HaltView {
  @ApiProperty({ enum: haltKinds }) kind!: HaltKind;
  @ApiProperty(time) since!: string;
  @ApiProperty() reason!: string;
  @ApiPropertyOptional({ description: 'The repeated failure, if the profile is suspended.' })
  code?: ErrorCode;
  @ApiPropertyOptional({ ...time, description: 'When jobs that still run are requeued, if the profile is drained.' })
  by?: string;
  @ApiProperty({ description: 'Whether all profiles were paused at once.' }) everywhere!: boolean;
}

/** What starting workers wait for. */
@ApiSchema({ name: 'PoolWait' })
export class WaitDto implements PoolWait {
  @ApiProperty({
    enum: waitReasons,
    description: 'What is missing. From `cpu` to `unschedulable`: no node takes the pod.',
  })
  reason!: WaitReason;
  @ApiProperty({ description: 'What one of them waits for, for a person.' }) message!: string;
  @ApiProperty({ description: 'How many wait for this.' }) workers!: number;
}

/** How a pool's workers start. */
@ApiSchema({ name: 'PoolStarts' })
export class StartsDto {
  @ApiProperty({ description: 'Workers that may start at the same time, derived from how long starts take.' })
  atOnce!: number;
  @ApiProperty({ description: 'Start timeout of a worker, in ms.' })
  limitMs!: number;
  @ApiProperty({ description: 'Consecutive failed starts.' }) failed!: number;
  @ApiProperty({ description: 'Delay before the next start, in ms, because the last ones failed.' }) heldMs!: number;
  @ApiPropertyOptional({ description: 'Why the last start failed; absent once a start has succeeded.' })
  failure?: string;
  @ApiPropertyOptional({
    type: [WaitDto],
    description: 'What starting workers wait for, if that may take long: a node, an image. Absent if none does.',
  })
  waits?: readonly WaitDto[];
}

/** How many workers a pool keeps warm, and why. */
@ApiSchema({ name: 'PoolDemand' })
export class DemandDto implements WarmTarget {
  @ApiProperty({ description: 'Idle workers kept ready in addition to the busy ones.' }) warm!: number;
  @ApiProperty({
    enum: warmReasons,
    description:
      'Why: from arrivals (`demand`), limited by the profile (`min`, `max`), or no job has arrived for a while (`quiet`).',
  })
  reason!: WarmReason;
  @ApiProperty({ description: 'Jobs that arrived in the last 10 minutes.' }) arrivals!: number;
  @ApiProperty({
    description: 'Share of those jobs that would have found a warm worker with this target, from 0 to 1.',
  })
  hits!: number;
  @ApiProperty({ description: 'How long a worker takes to start, in ms.' }) startMs!: number;
}

/** Why the idle workers of a pool keep a spare process. */
@ApiSchema({ name: 'PoolSpare' })
export class SpareDto implements PoolSpare {
  @ApiProperty({ enum: permissionModes, description: 'The permission mode in which it is started.' })
  permissionMode!: PermissionMode;
  @ApiProperty({ description: 'How long ago the last job that had use for it was assigned, in ms.' }) agoMs!: number;
  @ApiProperty({ description: 'Jobs of the pool that were assigned since then.' }) jobsSince!: number;
}

/** A pool as operators see it. */
@ApiSchema({ name: 'Pool' })
export class PoolDto implements PoolView {
  @ApiProperty() profile!: string;
  @ApiProperty({
    description:
      'No scheduler has this profile any more: its jobs wait until one has it again, or until they are cancelled.',
  })
  removed!: boolean;
  @ApiProperty({ description: 'Idle workers kept ready in addition to the busy ones.' }) warm!: number;
  @ApiProperty({ description: 'Maximum number of workers.' }) max!: number;
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, description: 'Workers in each phase.' })
  workers!: PoolRecord['workers'];
  @ApiProperty({ description: 'Jobs that are ready to start.' }) waiting!: number;
  @ApiProperty({ description: 'Parked jobs.' }) delayed!: number;
  @ApiProperty({ description: 'Jobs in progress.' }) running!: number;
  @ApiProperty({ description: 'Jobs repeatedly failed to start: none is started until the profile is resumed.' })
  suspended!: boolean;
  @ApiProperty({ type: [HaltDto], description: 'What keeps its jobs waiting; empty if nothing does.' })
  halts!: readonly HaltDto[];
  @ApiPropertyOptional({
    type: StartsDto,
    description: 'How its workers start; absent while no scheduler has the profile.',
  })
  starts?: StartsDto;
  @ApiPropertyOptional({
    type: DemandDto,
    description: 'How `warm` follows from demand; absent if the number is fixed.',
  })
  demand?: DemandDto;
  @ApiPropertyOptional({
    type: SpareDto,
    description: 'Given if each idle worker keeps a spare process: the last job that had use for it.',
  })
  spare?: SpareDto;
}

/** All pools. */
@ApiSchema({ name: 'PoolList' })
export class PoolListDto implements PoolListView {
  @ApiProperty({ type: [PoolDto] }) pools!: readonly PoolDto[];
}
