import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { failureClasses, failureCodes } from '@remuda/domain';
import type { DeadLetterFilter, FailureClass, FailureCode } from '@remuda/domain';
import { IsObject } from 'class-validator';
import { Default, Given, Inner } from '../input/fields.js';
import { Characters, Distinct, Integer, IntegerText, OneOf } from '../input/rules.js';

/** Maximum number of dead letters that one request redrives. */
export const mostRedriven = 500;

const eachId = { each: true, message: 'must be job ids' } as const;

/** Selects dead letters. */
@ApiSchema({ name: 'DeadLetterFilter' })
export class DeadLetterFilterDto {
  @Given()
  @Characters(0, 40)
  profile?: string;

  @Given()
  @OneOf(failureCodes)
  @ApiProperty({ description: 'The code with which it failed.' })
  code?: FailureCode;

  @Given()
  @OneOf(failureClasses)
  @ApiProperty({ description: 'Who or what caused the failure.' })
  class?: FailureClass;
}

/** Selects and pages a list of dead letters. */
export class ListDeadLettersDto extends DeadLetterFilterDto {
  @Given()
  @Characters(0, 200)
  @ApiProperty({ description: 'The `nextCursor` of the previous page.' })
  cursor?: string;

  @Default(50)
  @IntegerText(1, 200)
  limit!: number;
}

/** The dead letters to redrive: `ids`, or those that match a `filter`, most recent failure first. */
@ApiSchema({ name: 'Redrive' })
export class RedriveDto {
  @Given()
  @Distinct(1, mostRedriven)
  @Characters(1, 63, eachId)
  ids?: string[];

  @Given()
  @IsObject()
  @Inner(() => DeadLetterFilterDto)
  @ApiProperty({ type: () => DeadLetterFilterDto, description: '`{}` means all.' })
  filter?: DeadLetterFilterDto;

  @Given()
  @Integer(1, mostRedriven)
  @ApiProperty({ description: 'With `filter`: the maximum number of jobs.' })
  limit?: number;
}

/** A filter without absent fields. */
export function toFilter({
  profile,
  code,
  class: kind,
}: Pick<DeadLetterFilterDto, 'profile' | 'code' | 'class'>): DeadLetterFilter {
  return {
    ...(profile === undefined ? {} : { profile }),
    ...(code === undefined ? {} : { code }),
    ...(kind === undefined ? {} : { class: kind }),
  };
}
