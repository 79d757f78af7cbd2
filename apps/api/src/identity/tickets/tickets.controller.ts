import { Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Clock, Principal, Tickets } from '@remuda/domain';
import type { TicketView } from '@remuda/protocol';
import { clock, tickets } from '../../stores.js';
import { Caller } from '../caller.js';
import { Needs } from '../needs.js';
import { makeTicket, ticketMs } from './ticket.js';
import { TicketDto } from './tickets.dto.js';

/** Issues tickets. */
@ApiTags('events')
@Controller('api/v1/tickets')
export class TicketsController {
  constructor(
    @Inject(tickets) private readonly store: Tickets,
    @Inject(clock) private readonly time: Clock,
  ) {}

  @Post()
  @HttpCode(201)
  @Needs('token')
  @ApiOperation({
    operationId: 'createTicket',
    summary: 'A ticket, with which a browser opens one stream',
    description:
      'For `EventSource` and WebSocket, which cannot send a token. It may read what the token may, opens one stream within a minute, and the stream ends when the token does.',
  })
  @ApiCreatedResponse({ type: TicketDto })
  async create(@Caller() caller: Principal): Promise<TicketView> {
    const { text, hash } = makeTicket();
    const scopes = caller.scopes.filter((scope) => scope.endsWith(':read'));
    await this.store.issue(hash, { ...caller, scopes }, ticketMs);
    return { ticket: text, expiresAt: new Date(this.time.now() + ticketMs).toISOString() };
  }
}
