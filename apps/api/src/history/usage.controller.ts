import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import { RemudaError, type Clock } from '@remuda/domain';
import type { UsageView } from '@remuda/protocol';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { readQuery } from '../input/read-dto.js';
import { problemResponse } from '../problems/problem.dto.js';
import { clock, history } from '../stores.js';
import type { History } from './history.js';
import { UsageByDayDto, UsageQueryDto } from './usage.dto.js';

const dayMs = 86_400_000;

/** What jobs have spent. */
@ApiTags('jobs')
@Controller('api/v1/usage')
export class UsageController {
  constructor(
    @Inject(history) private readonly kept: History | undefined,
    @Inject(clock) private readonly time: Clock,
  ) {}

  @Get()
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'getUsage',
    summary: 'Tokens and cost by day',
    description: 'Of the jobs that ended on each day, also of those that are no longer kept. At most 366 days.',
  })
  @ApiQuery({ type: UsageQueryDto })
  @ApiOkResponse({ type: UsageByDayDto })
  @ApiServiceUnavailableResponse(problemResponse('store.unavailable: there is no database, or it does not answer.'))
  async usage(@Query() query: unknown, @Tenant() tenant: string): Promise<UsageView> {
    const asked = readQuery(UsageQueryDto, query);
    if (!this.kept) throw new RemudaError('store.unavailable', 'Usage is kept in a database only, and there is none.');
    const to = asked.to ?? dayOf(this.time.now());
    const from = asked.from ?? dayOf(Date.parse(to) - 29 * dayMs);
    const days = (Date.parse(to) - Date.parse(from)) / dayMs;
    if (!isDay(from) || !isDay(to) || days < 0 || days > 365)
      throw new RemudaError('request.invalid', 'The request is not valid.', {
        faults: [{ path: 'from', message: 'must be at most 365 days before to, and both must exist' }],
      });
    const label = asked.label === undefined ? {} : { label: asked.label };
    return { from, to, days: await this.kept.store.archive.usage({ tenant, from, to, ...label }) };
  }
}

function dayOf(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(0, 10);
}

/** Whether the calendar has it. */
function isDay(text: string): boolean {
  return dayOf(Date.parse(text)) === text;
}
