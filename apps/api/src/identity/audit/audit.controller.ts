import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { AuditLog, AuditQuery } from '@remuda/domain';
import type { AuditPageView } from '@remuda/protocol';
import { decodeCursor, encodeCursor } from '@remuda/redis';
import { invalid, readQuery } from '../../input/read-dto.js';
import { auditLog } from '../../stores.js';
import { Tenant } from '../caller.js';
import { Needs } from '../needs.js';
import { AuditPageDto, ListAuditDto } from './audit.dto.js';

/** Who was refused what, and who steered what. */
@ApiTags('operation')
@Controller('api/v1/audit')
export class AuditController {
  constructor(@Inject(auditLog) private readonly log: AuditLog) {}

  @Get()
  @Needs('admin')
  @ApiOperation({
    operationId: 'listAudit',
    summary: 'Requests that were refused to someone or steered something, newest first',
    description:
      "Those of the token's own tenant, and those of which it was not found out whose they were. Filters can be combined.",
  })
  @ApiQuery({ type: ListAuditDto })
  @ApiOkResponse({ type: AuditPageDto })
  async list(@Query() query: unknown, @Tenant() own: string): Promise<AuditPageView> {
    const asked = readQuery(ListAuditDto, query);
    const filter = toQuery(asked);
    // as with every other list, another tenant's part of it is empty
    if (asked.tenant !== undefined && asked.tenant !== own) return { entries: [] };
    const { entries, incomplete } = await this.log.list({
      ...{ ...filter, tenant: own, orUnknown: asked.tenant === undefined },
    });
    const last = entries.length === asked.limit ? entries.at(-1) : undefined;
    return {
      entries: entries.map(({ id: _id, at, ...entry }) => ({ ...entry, at: new Date(at).toISOString() })),
      ...(last ? { nextCursor: encodeCursor(last) } : {}),
      ...(incomplete ? { incomplete } : {}),
    };
  }
}

function toQuery({ who, kind, path, request, since, until, cursor, limit }: ListAuditDto): AuditQuery {
  return {
    ...{ limit },
    ...(who === undefined ? {} : { who }),
    ...(kind === undefined ? {} : { kind }),
    ...(path === undefined ? {} : { path }),
    ...(request === undefined ? {} : { request }),
    ...(since === undefined ? {} : { since: timeOf('since', since) }),
    ...(until === undefined ? {} : { until: timeOf('until', until) }),
    ...(cursor === undefined ? {} : { below: decodeCursor(cursor) }),
  };
}

/** Epoch ms. */
function timeOf(path: string, text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw invalid([{ path, message: 'must exist' }]);
  return time;
}
