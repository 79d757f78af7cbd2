import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { MessagePageView } from '@remuda/protocol';
import { Tenant } from '../../identity/caller.js';
import { Needs } from '../../identity/needs.js';
import { readQuery } from '../../input/read-dto.js';
import { MessagePageDto, MessagesQueryDto } from './messages.dto.js';
import { Messages } from './messages.js';

/** What was said in a session. */
@ApiTags('sessions')
@Controller('api/v1/sessions/:id/messages')
export class MessagesController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Needs('sessions:read')
  @ApiOperation({
    operationId: 'getSessionMessages',
    summary: 'The conversation: prompts and answers of all turns',
    description: 'Also of a session that was deleted, as long as the history has its turns. One page at a time.',
  })
  @ApiQuery({ type: MessagesQueryDto })
  @ApiOkResponse({ type: MessagePageDto })
  read(@Param('id') id: string, @Query() query: unknown, @Tenant() tenant: string): Promise<MessagePageView> {
    const { after, limit } = readQuery(MessagesQueryDto, query);
    return this.messages.page({ tenant, id }, after, limit);
  }
}
