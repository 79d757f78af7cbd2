import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { jobStates, type JobState } from '@remuda/domain';
import type { MessagePageView, MessageView } from '@remuda/protocol';
import { Default } from '../../input/fields.js';
import { IntegerText } from '../../input/rules.js';

/** Which part of a conversation. */
export class MessagesQueryDto {
  @Default(0)
  @IntegerText(0, 1_000_000)
  @ApiProperty({ description: 'Messages of turns after this one.' })
  after!: number;

  @Default(50)
  @IntegerText(1, 200)
  @ApiProperty({ description: 'Maximum number of turns on the page.' })
  limit!: number;
}

/** Something that was said in a session. */
@ApiSchema({ name: 'Message' })
export class MessageDto implements MessageView {
  @ApiProperty({ description: 'Number of the turn, from 1.' }) turn!: number;
  @ApiProperty({ description: 'The job that it is.' }) job!: string;
  @ApiProperty({
    enum: jobStates,
    description: 'Of the turn: what was said in one that failed is not known to the next.',
  })
  state!: JobState;
  @ApiProperty({ enum: ['user', 'assistant'] }) role!: 'user' | 'assistant';
  @ApiProperty() text!: string;
  @ApiProperty({ type: 'string', format: 'date-time' }) at!: string;
}

/** A page of what was said in a session, the first first. */
@ApiSchema({ name: 'MessagePage' })
export class MessagePageDto implements MessagePageView {
  @ApiProperty({ type: [MessageDto] }) messages!: readonly MessageDto[];
  @ApiProperty({
    description: 'Number of the last turn on this page that is over: pass it as `after` to get the next page.',
  })
  next!: number;
  @ApiProperty({
    description: 'Whether the session is stopped, its turns are over, and this page has the last message.',
  })
  complete!: boolean;
}
