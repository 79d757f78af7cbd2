import { ApiPropertyOptional } from '@nestjs/swagger';
import { jobStates } from '@remuda/domain';
import type { JobQuery, JobState } from '@remuda/domain';
import { IsIn, Matches } from 'class-validator';
import { Given } from '../input/fields.js';
import { Characters, WholeNumber } from '../input/rules.js';

/** Which jobs a list shows. */
export class ListJobsDto {
  @Given()
  @Characters(0, 200)
  @ApiPropertyOptional({ description: 'The `nextCursor` of the page before.' })
  cursor?: string;

  @Given()
  @WholeNumber(1, 200)
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  limit?: number;

  @Given()
  @IsIn(jobStates)
  @ApiPropertyOptional({ enum: jobStates })
  state?: JobState;

  @Given()
  @Characters(0, 40)
  @ApiPropertyOptional()
  profile?: string;

  @Given()
  @Matches(/^[A-Za-z0-9._/-]{1,63}:.{0,255}$/s, { message: 'must be name:value' })
  @ApiPropertyOptional({ example: 'team:search' })
  label?: string;
}

/** The query as the job store takes it. */
export function toJobQuery({ label, limit, ...rest }: ListJobsDto): JobQuery {
  const colon = label?.indexOf(':') ?? -1;
  return {
    ...rest,
    limit: limit ?? 50,
    ...(label === undefined ? {} : { label: { key: label.slice(0, colon), value: label.slice(colon + 1) } }),
  };
}
