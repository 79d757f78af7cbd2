import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { webhookTypes } from '@remuda/domain';
import type { DeliveryState, WebhookType } from '@remuda/domain';
import type { DeliveriesView, DeliveryView, ReplayView } from '@remuda/protocol';

const time = { type: 'string', format: 'date-time' } as const;

/** What became of a message so far. */
@ApiSchema({ name: 'Delivery' })
export class DeliveryDto implements DeliveryView {
  @ApiProperty({ description: 'The header `webhook-id`, the same at each try and replay.' }) id!: string;
  @ApiProperty({ enum: webhookTypes }) type!: WebhookType;
  @ApiProperty() url!: string;
  @ApiProperty({ ...time, description: 'When the job ended.' }) at!: string;
  @ApiProperty({ enum: ['waiting', 'delivered', 'failed'] }) state!: DeliveryState;
  @ApiProperty({ description: 'Tries since it was queued or replayed.' }) tries!: number;
  @ApiPropertyOptional({ description: 'HTTP status of the latest try.' }) status?: number;
  @ApiPropertyOptional({ description: 'Why the latest try failed.' }) failure?: string;
  @ApiPropertyOptional({ ...time, description: 'When the latest try ended.' }) triedAt?: string;
  @ApiPropertyOptional({ ...time, description: 'When it is tried again.' }) nextAt?: string;
}

/** Messages about a job, oldest first. */
@ApiSchema({ name: 'Deliveries' })
export class DeliveriesDto implements DeliveriesView {
  @ApiProperty({ type: [DeliveryDto] }) deliveries!: DeliveryDto[];
}

/** A message that is sent again. */
@ApiSchema({ name: 'Replay' })
export class ReplayDto implements ReplayView {
  @ApiProperty() id!: string;
}
