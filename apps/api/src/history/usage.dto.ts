import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { DayUsageView, UsageView } from '@remuda/protocol';
import { Matches } from 'class-validator';
import { Given } from '../input/fields.js';
import { UsageDto } from '../jobs/job-view.dto.js';

const day = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;

/** Selects what is added up. */
export class UsageQueryDto {
  @Given()
  @Matches(day, { message: 'must be a day such as 2026-11-29' })
  @ApiProperty({ description: 'First day, in UTC. Default: 29 days before `to`.', example: '2026-11-01' })
  from?: string;

  @Given()
  @Matches(day, { message: 'must be a day such as 2026-11-29' })
  @ApiProperty({ description: 'Last day, in UTC. Default: today.', example: '2026-11-29' })
  to?: string;

  @Given()
  @Matches(/^[A-Za-z0-9._/-]{1,63}$/, { message: "must be a label's name" })
  @ApiProperty({ description: 'Name of a label: then each of its values has figures of its own.', example: 'team' })
  label?: string;
}

/** What the jobs that ended on one day have spent. */
@ApiSchema({ name: 'DayUsage' })
export class DayUsageDto implements DayUsageView {
  @ApiProperty({ description: 'In UTC.', example: '2026-11-29' }) day!: string;
  @ApiPropertyOptional({ description: "The label's value; absent for jobs without it, and if no label was asked for." })
  label?: string;
  @ApiProperty() jobs!: number;
  @ApiProperty({ type: UsageDto }) usage!: UsageDto;
  @ApiProperty({ description: 'US dollars.' }) costUsd!: number;
}

/** What was spent, by day. */
@ApiSchema({ name: 'UsageByDay' })
export class UsageByDayDto implements UsageView {
  @ApiProperty() from!: string;
  @ApiProperty() to!: string;
  @ApiProperty({ type: [DayUsageDto] }) days!: DayUsageDto[];
}
