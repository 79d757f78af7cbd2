import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { JobEvent } from '@remuda/domain';
import type { EventPageView } from '@remuda/protocol';
import { IsString } from 'class-validator';
import { Default, Given } from '../input/fields.js';
import { Characters, IntegerText, OneOf } from '../input/rules.js';
import type { EventForm } from './position.js';

/** Which page of a job's events, and in which format. */
export class EventsQueryDto {
  @Given()
  @IsString()
  @ApiProperty({ description: 'Events with an id above this one. The Last-Event-ID header takes precedence.' })
  after?: string;

  @Default(200)
  @IntegerText(1, 1_000)
  @ApiProperty({ description: 'Maximum number of events on a JSON page.' })
  limit!: number;

  @Given()
  @OneOf(['sse', 'json'])
  @ApiProperty({ description: 'Takes precedence over Accept.' })
  format?: EventForm;

  @Given()
  @Characters(0, 200)
  @ApiProperty({ description: 'A ticket, in place of a token.' })
  ticket?: string;
}

/** A page of a job's events. */
@ApiSchema({ name: 'EventPage' })
export class EventPageDto implements EventPageView {
  @ApiProperty({ type: 'array', items: { $ref: '#/components/schemas/JobEvent' } }) events!: readonly JobEvent[];
  @ApiProperty({ description: 'Pass it as `after` to get the next page.' }) next!: number;
  @ApiProperty({ description: 'Whether the job is over and this page reaches its last event.' }) complete!: boolean;
}
