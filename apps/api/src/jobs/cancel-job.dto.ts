import { ApiPropertyOptional, ApiSchema } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { Given } from '../input/read-dto.js';

/** Why a job is cancelled. */
@ApiSchema({ name: 'CancelJob' })
export class CancelJobDto {
  @Given()
  @IsString()
  @Length(1, 500)
  @ApiPropertyOptional({ minLength: 1, maxLength: 500 })
  reason?: string;
}
