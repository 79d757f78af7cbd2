import { ApiProperty, ApiPropertyOptional, ApiSchema, getSchemaPath } from '@nestjs/swagger';
import type { ApiResponseNoStatusOptions } from '@nestjs/swagger';
import { errorCodes } from '@remuda/domain';
import type { ErrorCode, Fault } from '@remuda/domain';
import type { ProblemView } from '@remuda/protocol';

/** One fault of an input. */
@ApiSchema({ name: 'Fault' })
export class FaultDto implements Fault {
  @ApiProperty({ example: 'workspace.url' }) path!: string;
  @ApiProperty() message!: string;
}

/** RFC 9457, with a stable code. */
@ApiSchema({ name: 'Problem' })
export class ProblemDto implements ProblemView {
  @ApiProperty({ example: 'urn:remuda:error:request.invalid' }) type!: string;
  @ApiProperty() title!: string;
  @ApiProperty() status!: number;
  @ApiProperty({ enum: errorCodes, enumName: 'ErrorCode' }) code!: ErrorCode;
  @ApiProperty() detail!: string;
  @ApiPropertyOptional() instance?: string;
  @ApiPropertyOptional({ type: [FaultDto] }) faults?: readonly FaultDto[];
}

/** A response that is a problem document. */
export function problemResponse(description: string): ApiResponseNoStatusOptions {
  return { description, content: { 'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } } } };
}
