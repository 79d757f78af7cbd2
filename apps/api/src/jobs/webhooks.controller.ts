import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { RemudaError } from '@remuda/domain';
import type { WebhookDelivery, Webhooks } from '@remuda/domain';
import type { DeliveriesView, DeliveryView, ReplayView } from '@remuda/protocol';
import { JobEvents } from '../events/job-events.js';
import { Tenant } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { problemResponse } from '../problems/problem.dto.js';
import { webhooks } from '../stores.js';
import { iso } from './job-view.js';
import { DeliveriesDto, ReplayDto } from './webhooks.dto.js';

/** The messages to a job's webhook. */
@ApiTags('jobs')
@Controller('api/v1/jobs/:id/webhook')
export class WebhooksController {
  constructor(
    @Inject(webhooks) private readonly hooks: Webhooks,
    private readonly events: JobEvents,
  ) {}

  @Get('deliveries')
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'listDeliveries',
    summary: "The messages to a job's webhook, oldest first",
    description: 'One for each end of the job; kept for 7 days after it was delivered or given up.',
  })
  @ApiOkResponse({ type: DeliveriesDto })
  async list(@Param('id') id: string, @Tenant() tenant: string): Promise<DeliveriesView> {
    const job = await this.events.job({ tenant, id });
    return { deliveries: (await this.hooks.deliveries(job)).map(viewDelivery) };
  }

  @Post('replay')
  @HttpCode(202)
  @Needs('jobs:write', { steers: true })
  @ApiOperation({
    operationId: 'replayWebhook',
    summary: "Send the latest message to a job's webhook again",
    description:
      'With the same id and body, at once: whether it was delivered, was given up, or waits for its next try.',
  })
  @ApiAcceptedResponse({ type: ReplayDto })
  @ApiNotFoundResponse(problemResponse('webhook.no_message: nothing to send again.'))
  async replay(@Param('id') id: string, @Tenant() tenant: string): Promise<ReplayView> {
    const job = await this.events.job({ tenant, id });
    const replayed = await this.hooks.replay(job);
    if (replayed === undefined)
      throw new RemudaError(
        'webhook.no_message',
        job.spec.webhook
          ? 'There is no message: the job is not over, its webhook does not ask for this end, or it is no longer kept.'
          : 'The job has no webhook.',
      );
    return { id: replayed };
  }
}

function viewDelivery({ at, triedAt, nextAt, ...delivery }: WebhookDelivery): DeliveryView {
  return {
    ...delivery,
    at: iso(at),
    ...(triedAt === undefined ? {} : { triedAt: iso(triedAt) }),
    ...(nextAt === undefined ? {} : { nextAt: iso(nextAt) }),
  };
}
