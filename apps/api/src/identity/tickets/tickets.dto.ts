import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { TicketView } from '@remuda/protocol';

/** A ticket that was issued. */
@ApiSchema({ name: 'Ticket' })
export class TicketDto implements TicketView {
  @ApiProperty({ description: 'For the query of one request: `?ticket=…`.', example: 'tk_3f…' })
  ticket!: string;

  @ApiProperty({ format: 'date-time', description: 'By then it has to be used.' })
  expiresAt!: string;
}
