import { Controller, Get, Param } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { ScreenView } from '@remuda/protocol';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { problemResponse } from '../problems/problem.dto.js';
import { ScreenDto } from './screen.dto.js';
import { Screens } from './screens.js';

const description = `Read-only, without colours; secrets of the job are replaced. Ask for an upgrade to a WebSocket to get a message
\`{"worker", "at", "text"}\` now and whenever the screen has changed, at most twice a second. The last message may be
\`{"error": {problem}}\`.`;

/** What is on the terminals of workers, for people who look. */
@ApiTags('pools')
@Controller('api/v1')
export class ScreensController {
  constructor(private readonly screens: Screens) {}

  @Get('workers/:id/screen')
  @Needs('admin')
  @ApiOperation({ operationId: 'getWorkerScreen', summary: "The screen of a worker's terminal", description })
  @ApiOkResponse({ type: ScreenDto })
  @ApiNotFoundResponse(problemResponse('worker.unknown: there is no such worker.'))
  @ApiConflictResponse(
    problemResponse('worker.no_screen: its engine has no terminal, or it shows a job of another tenant.'),
  )
  @ApiServiceUnavailableResponse(problemResponse('worker.screen_unavailable: it shows nothing at the moment.'))
  screen(@Param('id') worker: string, @Tenant() tenant: string): Promise<ScreenView> {
    return this.screens.now({ worker, tenant });
  }
}
