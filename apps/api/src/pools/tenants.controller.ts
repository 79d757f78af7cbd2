import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { holdsOf, type Clock, type Principal, type TenantStanding, type TenantStore } from '@remuda/domain';
import type { TenantListView, TenantView } from '@remuda/protocol';
import { Caller } from '../identity/caller.js';
import { Needs } from '../identity/needs.js';
import { iso } from '../jobs/job-view.js';
import { clock, tenantStore } from '../stores.js';
import { TenantListDto } from './tenants.dto.js';

/** So many tenants are listed: those with the most waiting jobs. */
const mostTenants = 100;

/** What tenants have waiting and running, and what holds them up. */
@ApiTags('pools')
@Controller('api/v1')
export class TenantsController {
  constructor(
    @Inject(tenantStore) private readonly store: TenantStore,
    @Inject(clock) private readonly time: Clock,
  ) {}

  @Get('tenants')
  @Needs('jobs:read')
  @ApiOperation({
    operationId: 'listTenants',
    summary: 'How tenants stand: jobs, limits, dollars, and what holds them up',
    description: `Your own; with the scope admin all that have jobs, at most ${String(mostTenants)}, those with the most waiting ones first.`,
  })
  @ApiOkResponse({ type: TenantListDto })
  async tenants(@Caller() { tenant, scopes }: Principal): Promise<TenantListView> {
    const found = scopes.includes('admin') ? await this.store.all(mostTenants) : [await this.store.one(tenant)];
    return { tenants: found.map((each) => view(each, this.time.now())) };
  }
}

function view({ rule, ...rest }: TenantStanding, now: number): TenantView {
  const holds = holdsOf({ rule, ...rest }, now).map(({ limit, until }) => ({
    limit,
    ...(until === undefined ? {} : { until: iso(until) }),
  }));
  return { ...rest, limits: rule, holds };
}
