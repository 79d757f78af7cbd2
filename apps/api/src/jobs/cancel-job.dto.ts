import { ApiSchema } from '@nestjs/swagger';
import { Given } from '../input/fields.js';
import { Characters } from '../input/rules.js';

/** Why a job is cancelled. */
@ApiSchema({ name: 'CancelJob' })
export class CancelJobDto {
  @Given()
  @Characters(1, 500)
  reason?: string;
}
