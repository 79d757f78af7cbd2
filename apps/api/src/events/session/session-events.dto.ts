import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { JobEvent, SessionEvent } from '@remuda/domain';
import type { SessionEventPageView } from '@remuda/protocol';

/** An event of one of a session's turns. */
@ApiSchema({ name: 'SessionEvent' })
export class SessionEventDto implements SessionEvent {
  @ApiProperty({ example: '3.17', description: '`<turn>.<event>`. Rises over all turns.' }) id!: string;
  @ApiProperty({ description: 'Number of the turn, from 1.' }) turn!: number;
  @ApiProperty({ description: 'The job that it is.' }) job!: string;
  @ApiProperty({ $ref: '#/components/schemas/JobEvent' } as object) event!: JobEvent;
}

/** A page of a session's events. */
@ApiSchema({ name: 'SessionEventPage' })
export class SessionEventPageDto implements SessionEventPageView {
  @ApiProperty({ type: [SessionEventDto] }) events!: readonly SessionEventDto[];
  @ApiProperty({ description: 'Pass it as `after` to get the next page.' }) next!: string;
  @ApiProperty({ description: 'Whether the session is stopped, its turns are over, and this page has the last event.' })
  complete!: boolean;
}
