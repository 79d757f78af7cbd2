import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { auditKinds, type AuditKind } from '@remuda/domain';
import type { AuditEntryView, AuditPageView } from '@remuda/protocol';
import { Default, Given } from '../../input/fields.js';
import { Characters, Form, IntegerText, OneOf } from '../../input/rules.js';

const pointInTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/;
const howToSayIt = 'must be a day or a time in UTC, such as 2026-11-29 or 2026-11-29T12:00:00Z';

/** Selects a page of the audit log. */
export class ListAuditDto {
  @Given()
  @Characters(0, 200)
  @ApiProperty({ description: 'The `nextCursor` of the previous page.' })
  cursor?: string;

  @Default(50)
  @IntegerText(1, 200)
  limit!: number;

  @Given()
  @Characters(1, 200)
  @ApiProperty({
    description:
      "Only requests of this tenant, which has to be the token's own. Default: also those of which it was not found out whose they were.",
  })
  tenant?: string;

  @Given()
  @Characters(1, 500)
  @ApiProperty({ description: 'Who: a subject, or the id of an API key.' })
  who?: string;

  @Given()
  @OneOf(auditKinds)
  kind?: AuditKind;

  @Given()
  @Form(pointInTime, howToSayIt)
  @ApiProperty({ description: 'Not before this time; a day is its beginning in UTC.', example: '2026-11-29' })
  since?: string;

  @Given()
  @Form(pointInTime, howToSayIt)
  @ApiProperty({ description: 'Not after this time.', example: '2026-11-29T12:00:00Z' })
  until?: string;

  @Given()
  @Characters(1, 500)
  @ApiProperty({ description: 'What the path begins with.', example: '/api/v1/pools' })
  path?: string;

  @Given()
  @Characters(1, 100)
  @ApiProperty({ description: 'Id of the request: the `X-Request-Id` of its answer.' })
  request?: string;
}

/** A request that was refused to someone, or that steered something. */
@ApiSchema({ name: 'AuditEntry' })
export class AuditEntryDto implements AuditEntryView {
  @ApiProperty({ enum: auditKinds }) kind!: AuditKind;
  @ApiProperty({ type: 'string', format: 'date-time' }) at!: string;
  @ApiProperty({ description: 'Its id, which its answer has as `X-Request-Id`.' }) request!: string;
  @ApiProperty() method!: string;
  @ApiProperty({ description: 'Without its query.' }) path!: string;
  @ApiProperty({ description: 'HTTP status of the answer.' }) status!: number;
  @ApiPropertyOptional({ description: 'Why it was refused.' }) code?: string;
  @ApiPropertyOptional({ description: 'Address from which the connection came.' }) from?: string;
  @ApiPropertyOptional({ description: 'Who; absent if it was not found out, like the tenant.' }) subject?: string;
  @ApiPropertyOptional() tenant?: string;
  @ApiPropertyOptional({ description: 'Id of the API key.' }) key?: string;
}

/** A page of the audit log, newest first. */
@ApiSchema({ name: 'AuditPage' })
export class AuditPageDto implements AuditPageView {
  @ApiProperty({ type: [AuditEntryDto] }) entries!: AuditEntryDto[];
  @ApiPropertyOptional({ description: 'Pass it as `cursor` to get the next page; absent on the last page.' })
  nextCursor?: string;
  @ApiPropertyOptional({
    enum: [true],
    type: 'boolean',
    description: 'The database could not be asked: only the latest requests are there.',
  })
  incomplete?: true;
}
