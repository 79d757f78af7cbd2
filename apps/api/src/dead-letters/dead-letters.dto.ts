import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { failureClasses, failureCodes } from '@remuda/domain';
import type { DeadLetterFilter, FailureClass, FailureCode } from '@remuda/domain';
import { IsIn, IsInt, IsObject, Max, Min } from 'class-validator';
import { Given, Inner } from '../input/fields.js';
import { Characters, Distinct, WholeNumber } from '../input/rules.js';

/** Dead letters that one request redrives at most. */
export const mostRedriven = 500;

const eachId = { each: true, message: 'must be job ids' } as const;

/** Which dead letters are meant. */
@ApiSchema({ name: 'DeadLetterFilter' })
export class DeadLetterFilterDto {
  @Given()
  @Characters(0, 40)
  @ApiPropertyOptional()
  profile?: string;

  @Given()
  @IsIn(failureCodes)
  @ApiPropertyOptional({ enum: failureCodes, description: 'The code with which it failed.' })
  code?: FailureCode;

  @Given()
  @IsIn(failureClasses)
  @ApiPropertyOptional({ enum: failureClasses, description: 'Whose fault it was.' })
  class?: FailureClass;
}

/** Which dead letters a list shows. */
export class ListDeadLettersDto extends DeadLetterFilterDto {
  @Given()
  @Characters(0, 200)
  @ApiPropertyOptional({ description: 'The `nextCursor` of the page before.' })
  cursor?: string;

  @Given()
  @WholeNumber(1, 200)
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 200, default: 50 })
  limit?: number;
}

/** Which dead letters are redriven: `ids`, or those that fit a `filter`, the latest first. */
@ApiSchema({ name: 'Redrive' })
export class RedriveDto {
  @Given()
  @Distinct(1, mostRedriven)
  @Characters(1, 63, eachId)
  @ApiPropertyOptional({ type: [String], minItems: 1, maxItems: mostRedriven, uniqueItems: true })
  ids?: string[];

  @Given()
  @IsObject()
  @Inner(() => DeadLetterFilterDto)
  @ApiPropertyOptional({ type: () => DeadLetterFilterDto, description: '`{}` means all.' })
  filter?: DeadLetterFilterDto;

  @Given()
  @IsInt()
  @Min(1)
  @Max(mostRedriven)
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: mostRedriven,
    description: 'With `filter`: at most so many.',
  })
  limit?: number;
}

/** A filter without the fields that were not given. */
export function toFilter({
  profile,
  code,
  class: kind,
}: Pick<DeadLetterFilterDto, keyof DeadLetterFilter>): DeadLetterFilter {
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(code === undefined ? {} : { code }),
    ...(kind === undefined ? {} : { class: kind }),
  };
}
