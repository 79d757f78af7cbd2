import { ApiProperty, ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import type { TenantLimit, TenantRule, TenantSpending } from '@remuda/domain';
import type { TenantListView, TenantView } from '@remuda/protocol';

/** A tenant's weight and limits. */
@ApiSchema({ name: 'TenantLimits' })
export class TenantLimitsDto implements TenantRule {
  @ApiPropertyOptional({ description: 'Its share of the workers, relative to other tenants whose jobs wait.' })
  weight?: number;
  @ApiPropertyOptional({ description: 'Jobs that may run at a time.' }) running?: number;
  @ApiPropertyOptional({ description: 'Jobs that may wait at a time.' }) waiting?: number;
  @ApiPropertyOptional() usdPerDay?: number;
  @ApiPropertyOptional() usdPerMonth?: number;
  @ApiPropertyOptional({ description: 'US dollars reserved while a job without a budget runs.' }) reserveUsd?: number;
}

/** What a tenant has spent, in US dollars. */
@ApiSchema({ name: 'TenantSpending' })
export class TenantSpendingDto implements TenantSpending {
  @ApiProperty({ description: 'On this day, by UTC.' }) dayUsd!: number;
  @ApiProperty({ description: 'In this month, by UTC.' }) monthUsd!: number;
  @ApiProperty({ description: 'Reserved for jobs that run.' }) reservedUsd!: number;
}

/** A limit that is reached. */
@ApiSchema({ name: 'TenantHold' })
export class TenantHoldDto {
  @ApiProperty({
    enum: ['running', 'waiting', 'usdPerDay', 'usdPerMonth'],
    description:
      'With `running` jobs wait until one ends; with the others submissions are refused, and with dollars no job starts.',
  })
  limit!: TenantLimit;
  @ApiPropertyOptional({
    type: 'string',
    format: 'date-time',
    description: 'When it counts anew; absent where it ends with a job.',
  })
  until?: string;
}

/** How a tenant stands. */
@ApiSchema({ name: 'Tenant' })
export class TenantDto implements TenantView {
  @ApiProperty() tenant!: string;
  @ApiProperty({ type: 'integer', description: 'Jobs that wait, parked ones included.' }) waiting!: number;
  @ApiProperty({ type: 'integer' }) running!: number;
  @ApiProperty({ type: TenantLimitsDto }) limits!: TenantLimitsDto;
  @ApiProperty({ type: TenantSpendingDto }) spent!: TenantSpendingDto;
  @ApiProperty({ type: [TenantHoldDto], description: 'Limits that are reached; empty if none is.' })
  holds!: readonly TenantHoldDto[];
  @ApiProperty({ type: [String], description: 'Profiles in which none of its jobs starts because of a limit.' })
  heldIn!: readonly string[];
}

/** Tenants. */
@ApiSchema({ name: 'TenantList' })
export class TenantListDto implements TenantListView {
  @ApiProperty({ type: [TenantDto] }) tenants!: readonly TenantDto[];
}
