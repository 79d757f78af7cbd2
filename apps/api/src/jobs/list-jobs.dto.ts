import { ApiProperty } from '@nestjs/swagger';
import { jobStates } from '@remuda/domain';
import type { JobQuery, JobState } from '@remuda/domain';
import { Matches } from 'class-validator';
import { Default, Given } from '../input/fields.js';
import { Characters, IntegerText, OneOf } from '../input/rules.js';

/** Selects and pages a list of jobs. */
export class ListJobsDto {
  @Given()
  @Characters(0, 200)
  @ApiProperty({ description: 'The `nextCursor` of the previous page.' })
  cursor?: string;

  @Default(50)
  @IntegerText(1, 200)
  limit!: number;

  @Given()
  @OneOf(jobStates)
  state?: JobState;

  @Given()
  @Characters(0, 40)
  profile?: string;

  @Given()
  @Matches(/^[A-Za-z0-9._/-]{1,63}:.{0,255}$/s, { message: 'must be name:value' })
  @ApiProperty({ example: 'team:search' })
  label?: string;

  @Given()
  @Characters(1, 500)
  @ApiProperty({
    description: 'Words of the prompt or of the result, as in a web search: `"a phrase"`, `or`, `-not`.',
    example: 'parser -tests',
  })
  q?: string;
}

/** The query for the job store. */
export function toJobQuery({ label, q, ...rest }: ListJobsDto): JobQuery {
  const colon = label?.indexOf(':') ?? -1;
  return {
    ...rest,
    ...(q === undefined ? {} : { words: q }),
    ...(label === undefined ? {} : { label: { key: label.slice(0, colon), value: label.slice(colon + 1) } }),
  };
}
