import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { HostBridges } from '@remuda/domain';
import type { HostBridgeListView } from '@remuda/protocol';
import { Needs } from '../identity/needs.js';
import { hostBridges } from '../stores.js';
import { HostBridgeListDto } from './bridges.dto.js';

/** The bridges to the Claude Code of hosts, for monitoring. */
@ApiTags('pools')
@Controller('api/v1')
export class BridgesController {
  constructor(@Inject(hostBridges) private readonly store: HostBridges) {}

  @Get('bridges')
  @Needs('admin')
  @ApiOperation({
    operationId: 'listBridges',
    summary: 'Bridges to the Claude Code of hosts',
    description: 'Those that report to this Redis and have done so within the last 15 seconds.',
  })
  @ApiOkResponse({ type: HostBridgeListDto })
  async bridges(): Promise<HostBridgeListView> {
    const all = await this.store.all();
    return { bridges: all.map(({ since, ...rest }) => ({ ...rest, since: new Date(since).toISOString() })) };
  }
}
