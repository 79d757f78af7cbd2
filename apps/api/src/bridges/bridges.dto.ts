import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import type { HostBridgeListView, HostBridgeView } from '@remuda/protocol';

/** A bridge to the Claude Code of a host. */
@ApiSchema({ name: 'HostBridge' })
export class HostBridgeDto implements HostBridgeView {
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'Version of its Claude Code.' }) version!: string;
  @ApiProperty({ type: 'string', format: 'date-time' }) since!: string;
  @ApiProperty({ description: 'Runs of Claude Code.' }) running!: number;
  @ApiProperty({ description: 'Runs that wait for their turn.' }) waiting!: number;
  @ApiProperty({ type: [String], description: 'Clients that have a connection.' }) clients!: string[];
  @ApiProperty({ description: 'Whether it takes runs.' }) healthy!: boolean;
}

/** All that have reported within the last 15 seconds. */
@ApiSchema({ name: 'HostBridgeList' })
export class HostBridgeListDto implements HostBridgeListView {
  @ApiProperty({ type: [HostBridgeDto] }) bridges!: HostBridgeDto[];
}
