import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray } from 'class-validator';
import { limits } from '../limits.js';
import { SubmitJobDto } from './submit-job.dto.js';

/** Jobs that are accepted together, or not at all. Each is read separately, so that its faults have its path. */
@ApiSchema({ name: 'SubmitBatch' })
export class SubmitBatchDto {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(limits.batchJobs)
  @ApiProperty({ type: [SubmitJobDto], minItems: 1, maxItems: limits.batchJobs })
  jobs!: unknown[];
}
